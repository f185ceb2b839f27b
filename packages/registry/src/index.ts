export type { AddressPolicy } from './address-policy.ts';
export {
  channels,
  type InvalidMessage,
  type LostMessage,
  type RecoveredMessage,
  type RegistrationMessage,
  type RegistryChannels,
  type UpdateMessage,
} from './channels.ts';
export type { Clock } from './clock.ts';
export type { Codec, EndpointClaim } from './codec.ts';
export { etcdNaming, type EtcdNamingOptions } from './codecs/etcd-naming.ts';
export { discover, type DiscoverOptions, type DiscoveryStatus, EtcdDiscovery } from './discovery.ts';
export type { EpochEndReason } from './epoch.ts';
export type { EtcdAuthOptions, EtcdOptions, EtcdTlsOptions } from './etcd-options.ts';
export {
  AlreadyConnectedError,
  ClosedError,
  EtcdError,
  type EtcdErrorCode,
  IdTakenError,
  InvalidValueError,
  NotConnectedError,
} from './errors.ts';
export {
  type EndpointChange,
  type EndpointOptions,
  register,
  type RegisterOptions,
  type Registration,
  type RegistrationState,
} from './registration.ts';
