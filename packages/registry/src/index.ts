export type { AddressPolicy } from './address-policy.ts';
export {
  channels,
  type FileMessage,
  type InvalidMessage,
  type LostMessage,
  type RecoveredMessage,
  type RegistrationMessage,
  type RegistryChannels,
  type RepairedMessage,
  type Subject,
  type UpdateMessage,
} from './channels.ts';
export type { Clock } from './clock.ts';
export type { Codec, EndpointClaim } from './codecs/codec.ts';
export { etcdNaming, type EtcdNamingOptions } from './codecs/etcd-naming.ts';
export { goZero, type GoZeroOptions } from './codecs/go-zero.ts';
export { kratos, type KratosOptions } from './codecs/kratos.ts';
export { discover, type DiscoverOptions, type DiscoveryStatus, EtcdDiscovery } from './discovery/discovery.ts';
export type { EpochEndReason } from './discovery/epoch-end.ts';
export type { FollowStatus } from './discovery/follower.ts';
export type { EtcdAuthOptions, EtcdOptions, EtcdTlsOptions } from './etcd/etcd-options.ts';
export {
  AlreadyConnectedError,
  ClosedError,
  EtcdError,
  type EtcdErrorCode,
  IdTakenError,
  InvalidValueError,
  NotConnectedError,
  NotRegisteredError,
} from './errors.ts';
export { type CheckOptions, checkRegistry, type CheckReport } from './inspection/check.ts';
export type { Finding, FindingCode, Severity } from './inspection/finding.ts';
export {
  inspect,
  type InspectedEndpoint,
  type InspectedService,
  type Inspection,
  type InspectOptions,
  type UnreadableKey,
} from './inspection/inspect.ts';
export type { Lease } from './inspection/leases.ts';
export type { ListedMember, MemberReport, MemberStatus } from './inspection/members.ts';
export type { Override, Setting } from './overrides/override.ts';
export type { OverrideKeysOptions } from './overrides/override-keys.ts';
export {
  openOverrides,
  type OverrideChange,
  type OverrideField,
  type Overrides,
  type OverridesOptions,
} from './overrides/overrides.ts';
export {
  type EndpointChange,
  type EndpointOptions,
  register,
  type RegisterOptions,
  type Registration,
} from './registration/registration.ts';
export type { LossCause, RegistrationState } from './registration/state.ts';
