export type { Clock } from './clock.ts';
export { type EmbeddedEtcd, startEtcd } from './embedded-etcd.ts';
export { InvalidOptionError, ListenError, PortTakenError } from './errors.ts';
export type { Faults } from './faults.ts';
export type { EtcdOptions, TlsOptions } from './options.ts';
