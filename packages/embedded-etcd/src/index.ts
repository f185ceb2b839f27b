export type { Clock } from './clock.ts';
export { EmbeddedEtcd, startEtcd } from './embedded-etcd.ts';
export { InvalidOptionError, ListenError, PortTakenError } from './errors.ts';
export type { EtcdOptions, TlsOptions } from './options.ts';
