export { type Command, configOrExit, readCommand } from './command.ts';
export { etcdOptions, etcdSettings, splitList } from './etcd-settings.ts';
export { hash, HashReply, HashRequest } from './hash.ts';
export { fastifyOptions, httpSettings, type HttpValues, limitConnections, listenOptions } from './http-settings.ts';
export { exit, stopWithParent } from './lifecycle.ts';
export { serveMetrics } from './metrics.ts';
export { describeApi } from './openapi.ts';
export { readSettings, SettingsError } from './settings.ts';
export { startTracing, type Tracing } from './tracing.ts';
