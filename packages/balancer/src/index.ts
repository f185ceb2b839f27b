export {
  type BalancedFetchOptions,
  type BalancedRequestOptions,
  Balancer,
  type BalancerStats,
  createBalancer,
} from './balancer.ts';
export type { FailureKind } from './call/verdict.ts';
export {
  type AttemptMessage,
  type BalancerChannels,
  channels,
  type EjectMessage,
  type HedgeMessage,
  type NoRetryMessage,
  type OverflowMessage,
  type PeerMessage,
  type PickMessage,
  type RequestInfo,
  requests,
  type RetryMessage,
  type StaleMessage,
  type TierMessage,
  type UpdateMessage,
} from './channels.ts';
export {
  AttemptsFailedError,
  type AttemptSummary,
  AttemptTimeoutError,
  BalancerClosedError,
  DeadlineError,
  InvalidTargetError,
  type NoRetryReason,
  OverflowError,
  type OverflowLimit,
  ResponseTooLargeError,
} from './errors.ts';
export { readTimeout } from './headers/deadline.ts';
export { type ProxyHeadersOptions, proxyRequestHeaders, proxyResponseHeaders } from './headers/proxy-headers.ts';
export type { HedgeOptions } from './hedging.ts';
export type { BalancerOptions, Http2Options, LbOptions, RetryOptions } from './options.ts';
export type { HashKey, KeyedRequest } from './routing/hash-key.ts';
export type { Tags } from './routing/peer-groups.ts';
export type { RouteWish, SplitPart } from './routing/router.ts';
export type { DiscoverySource } from './discovery-source.ts';
export { HttpProbes, type HttpProbesOptions } from './probes/http-probes.ts';
export type { SuspectProbeOptions } from './probes/suspect-probes.ts';
export { isTarget } from './target.ts';
export type { TlsOptions, TlsSource } from './transport/transport.ts';
