export { type Certificate, type CertificateAuthority, createAuthority } from './certificates.ts';
export { type Direction, FaultProxy, type FaultProxyOptions, type ProxyClock, startFaultProxy } from './fault-proxy.ts';
export { freePort } from './free-port.ts';
export { ManualClock } from './manual-clock.ts';
export { hasEtcd, RealEtcd, type RealEtcdOptions, startRealEtcd } from './real-etcd.ts';
export { type Provenance, provenanceInWords, provenanceOf } from './report/provenance.ts';
export { median, quantile } from './report/quantile.ts';
export { printTable } from './report/table.ts';
