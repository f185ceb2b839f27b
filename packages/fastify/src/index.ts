export { deadline } from './deadline.ts';
export {
  BodyTooLargeError,
  CallerGoneError,
  DeadlinePassedError,
  InvalidPathError,
  MissingPluginError,
  OverloadedError,
  type RefusalReason,
  SelfCheckError,
  TooManyServicesError,
  TwoHostsError,
  UnknownServiceError,
} from './errors.ts';
export { health } from './health.ts';
export { lameDuck, type LameDuckOptions } from './lame-duck.ts';
export { loadReport, type LoadReportOptions } from './load-report.ts';
export { provider, type ProviderOptions } from './provider.ts';
export type { RequestLb } from './request-lb.ts';
export { serve, type ServeOptions, type ServeRegisterOptions, type Service } from './serve.ts';
export type { Lb, ReadinessCheck, RouteLb } from './service-state.ts';
export { shedding, type SheddingOptions } from './shedding.ts';
export { slotLimit, type SlotLimitOptions } from './slot-limit.ts';
