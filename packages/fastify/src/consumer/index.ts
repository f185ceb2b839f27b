export { consumer, type ConsumerOptions, type OnDemandOptions } from './consumer.ts';
export { GatewayError, gatewayError } from './gateway-error.ts';
export { proxy, type ProxyOptions } from './proxy.ts';
export type { FollowedService, ServiceOptions } from './services.ts';
