/** The provider's settings, from the environment. */
import { readSettings, SettingsError, splitHosts } from '@lb/common';
import { isIP } from 'node:net';
import { Type } from 'typebox';

const schema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
  PORT: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65_535,
    description: 'Port to listen on; 0 for any free one',
  }),
  LB_ADVERTISE: Type.Optional(
    Type.String({
      description:
        'Where consumers reach this process, such as http://10.0.0.5:8080; needed when HOST is 0.0.0.0 or ::',
    }),
  ),
  ETCD_HOSTS: Type.String({
    default: 'http://127.0.0.1:2379',
    description: 'Members of the etcd cluster, comma-separated',
  }),
  LB_SERVICE: Type.String({ default: 'hash', description: 'Name of the service to register under' }),
  LB_NAME: Type.String({
    default: 'provider',
    pattern: '^[\\w.-]{1,64}$',
    description: 'What the id of each run begins with',
  }),
  LB_WEIGHT: Type.Number({ default: 1, minimum: 0, description: 'Share of traffic to aim for' }),
  LB_ZONE: Type.Optional(Type.String({ description: 'Zone or failure domain' })),
  LB_MAX_CONCURRENCY: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Most requests that one consumer may have here at once' }),
  ),
  LB_TTL_SECONDS: Type.Integer({ default: 15, minimum: 2, description: 'How long a process that died stays listed' }),
  SLOTS: Type.Integer({ default: 200, minimum: 1, description: 'Requests worked on at once' }),
  QUEUE: Type.Integer({
    default: 1000,
    minimum: 0,
    description: 'Requests that may wait for a slot; further ones are refused',
  }),
  WORK_MS: Type.Number({ default: 50, minimum: 0, maximum: 600_000, description: 'Time a request holds its slot' }),
  WORK_DISTRIBUTION: Type.Union([Type.Literal('fixed'), Type.Literal('exponential')], {
    default: 'fixed',
    description: 'Whether each request takes WORK_MS, or WORK_MS on average',
  }),
  MAX_EVENT_LOOP_DELAY_MS: Type.Integer({
    default: 100,
    minimum: 0,
    description: 'Work is refused while the event loop is late by more than this on average; 0 for never',
  }),
  LINGER_MS: Type.Integer({
    default: 1000,
    minimum: 0,
    description: 'How long to go on serving after saying that we drain',
  }),
  LOG_LEVEL: Type.String({ default: 'info', description: 'fatal, error, warn, info, debug, trace or silent' }),
});

export interface ProviderConfig {
  readonly host: string;
  readonly port: number;
  /** `undefined`: the address that it listens on. */
  readonly advertise: string | undefined;
  readonly etcdHosts: readonly string[];
  readonly service: string;
  readonly name: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly maxConcurrency: number | undefined;
  readonly ttlSeconds: number;
  readonly capacity: CapacityConfig;
  readonly maxEventLoopDelayMs: number;
  readonly lingerMs: number;
  readonly logLevel: string;
}

export interface CapacityConfig {
  readonly slots: number;
  readonly queue: number;
  readonly workMs: number;
  readonly workDistribution: 'fixed' | 'exponential';
}

/** Throws `SettingsError`. */
export function readConfig(env: NodeJS.ProcessEnv): ProviderConfig {
  const values = readSettings(schema, env);
  if (values.LB_ADVERTISE === undefined && isWildcard(values.HOST)) {
    throw new SettingsError(`LB_ADVERTISE must be given: nobody can reach this process at ${values.HOST}`);
  }
  return {
    host: values.HOST,
    port: values.PORT,
    advertise: values.LB_ADVERTISE,
    etcdHosts: splitHosts(values.ETCD_HOSTS),
    service: values.LB_SERVICE,
    name: values.LB_NAME,
    weight: values.LB_WEIGHT,
    zone: values.LB_ZONE,
    maxConcurrency: values.LB_MAX_CONCURRENCY,
    ttlSeconds: values.LB_TTL_SECONDS,
    capacity: {
      slots: values.SLOTS,
      queue: values.QUEUE,
      workMs: values.WORK_MS,
      workDistribution: values.WORK_DISTRIBUTION,
    },
    maxEventLoopDelayMs: values.MAX_EVENT_LOOP_DELAY_MS,
    lingerMs: values.LINGER_MS,
    logLevel: values.LOG_LEVEL,
  };
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || (isIP(host) === 6 && /^[0:]*$/.test(host));
}
