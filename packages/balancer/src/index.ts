export { Balancer, type BalancedRequestOptions, type BalancerOptions, createBalancer } from './balancer.ts';
export { type AttemptMessage, type BalancerChannels, channels, type DiscoveryFailedMessage } from './channels.ts';
export { BalancerClosedError, InvalidTargetError } from './errors.ts';
export type { DiscoverySource } from './static-discovery.ts';
