export { type Certificate, type CertificateAuthority, createAuthority } from './certificates.ts';
export { type Direction, FaultProxy, type FaultProxyOptions, type ProxyClock, startFaultProxy } from './fault-proxy.ts';
export { freePort } from './free-port.ts';
export { ManualClock } from './manual-clock.ts';
export { hasEtcd, RealEtcd, type RealEtcdOptions, startRealEtcd } from './real-etcd.ts';
