export { type Channel, typedChannel } from './channel.ts';
export type { Discovery, Endpoint, Snapshot } from './endpoint.ts';
export { InvalidOptionError, NoEndpointError, type NoEndpointReason } from './errors.ts';
export { InFlight } from './load/in-flight.ts';
export {
  failure,
  type Failure,
  type FailureReason,
  ignored,
  type Ignored,
  type Outcome,
  success,
  type Success,
} from './outcome.ts';
export { checkNumber, checkOneOf, checkString, type NumberBounds } from './options.ts';
export { isOpen, Peer } from './peer.ts';
export { PeerPool, type PeerPoolOptions, type PoolChange } from './peer-pool.ts';
export { policies } from './policies.ts';
export type { Load, PickCandidate, PickContext, Picker, PickTrace, Policy, Random } from './policy.ts';
export { seededRandom } from './random.ts';
