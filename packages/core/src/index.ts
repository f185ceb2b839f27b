export type { Attempt } from './attempt.ts';
export type { Tier } from './availability.ts';
export { Backoff, type BackoffOptions } from './backoff.ts';
export { type Channel, typedChannel } from './channel.ts';
export type { Discovery, Endpoint, Overridden, Replaced, Snapshot } from './endpoint.ts';
export { InvalidOptionError, NoEndpointError, type NoEndpointReason } from './errors.ts';
export { murmur3 } from './hash/murmur3.ts';
export { ConsecutiveFailures, type ConsecutiveFailuresOptions } from './health/consecutive-failures.ts';
export { type Detector, type Sensor, verdict } from './health/detector.ts';
export type { Ejection } from './health/ejection.ts';
export { defaultDetectors, type EjectionOptions } from './health/ejector.ts';
export { FailureShare, type FailureShareOptions } from './health/failure-share.ts';
export { LatencyOutlier, type LatencyOutlierOptions } from './health/latency-outlier.ts';
export type { SlowStartOptions } from './health/slow-start.ts';
export { SuccessRateOutlier, type SuccessRateOutlierOptions } from './health/success-rate-outlier.ts';
export { SuccessWindow } from './health/success-window.ts';
export { HedgeDelay, type HedgeDelayOptions } from './hedge-delay.ts';
export { AimdLimiter, type AimdLimiterOptions } from './limit/aimd-limiter.ts';
export { GradientLimiter, type GradientLimiterOptions } from './limit/gradient-limiter.ts';
export type { Limiter } from './limit/limiter.ts';
export type { FinaglePeakEwmaOptions } from './load/finagle-peak-ewma.ts';
export type { PeakEwmaOptions } from './load/guarded-peak-ewma.ts';
export { InFlight } from './load/in-flight.ts';
export type { PoolChange } from './membership.ts';
export { checkNumber, checkOneOf, checkString, type NumberBounds } from './options.ts';
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
export { isOpen, Peer } from './peer.ts';
export { PeerPool } from './peer-pool.ts';
export type { BoundedLoadOptions } from './pickers/bounded-load.ts';
export type { Bound, HashOptions, HashPicker, HashPolicy } from './pickers/hash-picker.ts';
export type { JumpOptions } from './pickers/jump.ts';
export { jumpHash } from './pickers/jump-hash.ts';
export type { KetamaOptions } from './pickers/ketama.ts';
export type { MaglevOptions } from './pickers/maglev.ts';
export type { OrcaOptions } from './pickers/orca-weighted-round-robin.ts';
export type { PrequalOptions, ProbeSink, ProbeSource } from './pickers/prequal.ts';
export type { ProbeAnswer } from './pickers/probe-pool.ts';
export { policies } from './policies.ts';
export type { Load, LoadReport, PickCandidate, PickContext, Picker, PickTrace, Policy, Random } from './policy.ts';
export type { PeerPoolOptions, PoolEvents } from './pool-options.ts';
export type { PeerState, PeerStatus, PoolStatus } from './pool-status.ts';
export type { Preference } from './preference/preference.ts';
export { priorities, type PrioritiesOptions } from './preference/priority.ts';
export { preferZone, type PreferZoneOptions } from './preference/zone.ts';
export { seededRandom } from './random.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export type { SuspicionOptions } from './roster.ts';
export { deterministicAperture, type DeterministicApertureOptions } from './subset/deterministic-aperture.ts';
export { randomSubset, type RandomSubsetOptions } from './subset/random-subset.ts';
export type { Subset } from './subset/subset.ts';
