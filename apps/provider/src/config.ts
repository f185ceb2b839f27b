/** The provider's settings. */
import {
  type Command,
  etcdOptions,
  etcdSettings,
  httpSettings,
  type HttpValues,
  readSettings,
  SettingsError,
} from '@lb/common';
import type { ServeRegisterOptions } from '@lb/fastify';
import { isIP } from 'node:net';
import { type Static, Type } from 'typebox';

const schema = Type.Object({
  ...httpSettings(8080),
  ...etcdSettings,
  LB_ADVERTISE: Type.Optional(
    Type.String({
      description:
        'Where consumers reach this process, such as http://10.0.0.5:8080; needed when HOST is 0.0.0.0 or ::',
    }),
  ),
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
  WORK_DISTRIBUTION: Type.Enum(['fixed', 'exponential'], {
    default: 'fixed',
    description: 'Whether each request takes WORK_MS, or WORK_MS on average',
  }),
  LINGER_MS: Type.Integer({
    default: 1000,
    minimum: 0,
    maximum: 600_000,
    description: 'How long to go on serving after saying that we drain',
  }),
});

export interface ProviderConfig {
  readonly name: string;
  readonly http: HttpValues;
  /** Where and as what to register, but for the id, which is new with each run. */
  readonly register: ServeRegisterOptions;
  readonly capacity: CapacityConfig;
  readonly lingerMs: number;
}

export interface CapacityConfig {
  readonly slots: number;
  readonly queue: number;
  readonly workMs: number;
  readonly workDistribution: 'fixed' | 'exponential';
}

export const command: Command<typeof schema, ProviderConfig> = {
  about: 'Starts a provider: computes hashes at /hash, and registers in etcd.',
  schema,
  toConfig,
};

/** Throws `SettingsError`. */
export function readConfig(env: NodeJS.ProcessEnv): ProviderConfig {
  return toConfig(readSettings(schema, env));
}

function toConfig(values: Static<typeof schema>): ProviderConfig {
  if (values.LB_ADVERTISE === undefined && isWildcard(values.HOST)) {
    throw new SettingsError(`LB_ADVERTISE must be given: nobody can reach this process at ${values.HOST}`);
  }
  return {
    name: values.LB_NAME,
    http: values,
    register: {
      ...etcdOptions(values),
      service: values.LB_SERVICE,
      ttlSeconds: values.LB_TTL_SECONDS,
      endpoint: {
        origin: values.LB_ADVERTISE,
        weight: values.LB_WEIGHT,
        zone: values.LB_ZONE,
        maxConcurrency: values.LB_MAX_CONCURRENCY,
        metadata: { name: values.LB_NAME },
      },
    },
    capacity: {
      slots: values.SLOTS,
      queue: values.QUEUE,
      workMs: values.WORK_MS,
      workDistribution: values.WORK_DISTRIBUTION,
    },
    lingerMs: values.LINGER_MS,
  };
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || (isIP(host) === 6 && /^[0:]*$/.test(host));
}
