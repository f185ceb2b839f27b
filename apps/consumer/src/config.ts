/** The consumer's settings. */
import {
  type Command,
  etcdOptions,
  etcdSettings,
  httpSettings,
  type HttpValues,
  readSettings,
  SettingsError,
  splitList,
} from '@lb/common';
import type { policies } from '@lb/core';
import { Operators } from '@lb/page';
import { type Static, Type } from 'typebox';

type PolicyName = (typeof policyNames)[number];
const policyNames = [
  'p2c',
  'p2cLatency',
  'p2cPeakEwma',
  'random',
  'roundRobin',
  'smoothWeightedRoundRobin',
  'weightedRandom',
] as const satisfies readonly (keyof typeof policies)[];

const schema = Type.Object({
  ...httpSettings(8087),
  ...etcdSettings,
  LB_SERVICE: Type.String({ default: 'hash', description: 'Name of the service to send requests to' }),
  LB_POLICY: Type.Enum(policyNames, { default: 'p2cLatency', description: 'What chooses among the providers' }),
  LB_TTL_SECONDS: Type.Integer({
    default: 15,
    minimum: 2,
    description: 'How long a provider that died stays listed: what the providers have for this',
  }),
  LB_TIMEOUT_MS: Type.Integer({
    default: 2000,
    minimum: 1,
    maximum: 600_000,
    description: 'How long a request may take, all attempts included',
  }),
  LB_ON_DEMAND: Type.String({
    default: '*',
    description: 'Services to pass /svc/<service>/* on to besides LB_SERVICE, comma-separated; * for all',
  }),
  LB_ON_DEMAND_MAX: Type.Integer({ default: 32, minimum: 1, description: 'Most of those at once' }),
  LB_MAX_IN_FLIGHT: Type.Integer({
    default: 512,
    minimum: 1,
    description: 'Most requests under way to one service; further ones are refused',
  }),
  LB_QUEUE_LIMIT: Type.Integer({
    default: 128,
    minimum: 0,
    description:
      'Most requests that wait while all providers are full; as many as the providers work on at once is a wait of one more request',
  }),
  LB_CONNECTIONS_PER_PEER: Type.Integer({ default: 64, minimum: 1, description: 'Most connections to one provider' }),
  LB_SNAPSHOT_FILE: Type.Optional(
    Type.String({
      description: 'A file of our own, by its absolute path, to start with the providers last known while etcd is away',
    }),
  ),
  LB_OPERATORS: Type.Optional(
    Type.String({
      secret: true,
      description:
        'Who may act on the live page, such as alice:TOKEN,bob:TOKEN, tokens of 16 characters or more; nobody if not set',
    }),
  ),
  LINGER_MS: Type.Integer({
    default: 1000,
    minimum: 0,
    maximum: 60_000,
    description: 'How long to go on serving, not ready, before closing: for what stands in front to notice',
  }),
});

export interface ConsumerConfig {
  readonly http: HttpValues;
  readonly etcd: ReturnType<typeof etcdOptions>;
  readonly service: string;
  readonly snapshotFile: string | undefined;
  readonly policy: PolicyName;
  readonly ttlSeconds: number;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly queueLimit: number;
  readonly connectionsPerPeer: number;
  readonly onDemand: { readonly allow: (service: string) => boolean; readonly max: number };
  /** Who may act on the live page; `undefined` for nobody. */
  readonly operators: Operators | undefined;
  readonly lingerMs: number;
}

export const command: Command<typeof schema, ConsumerConfig> = {
  about:
    'Starts a consumer: sends requests to the provider that can take them best. /hash has a hash computed, /svc/<service>/* goes to any service.',
  schema,
  toConfig,
};

/** Throws `SettingsError`. */
export function readConfig(env: NodeJS.ProcessEnv): ConsumerConfig {
  return toConfig(readSettings(schema, env));
}

function toConfig(values: Static<typeof schema>): ConsumerConfig {
  return {
    http: values,
    etcd: etcdOptions(values),
    service: values.LB_SERVICE,
    snapshotFile: values.LB_SNAPSHOT_FILE,
    policy: values.LB_POLICY,
    ttlSeconds: values.LB_TTL_SECONDS,
    timeoutMs: values.LB_TIMEOUT_MS,
    maxInFlight: values.LB_MAX_IN_FLIGHT,
    queueLimit: values.LB_QUEUE_LIMIT,
    connectionsPerPeer: values.LB_CONNECTIONS_PER_PEER,
    onDemand: { allow: allowed(values.LB_ON_DEMAND), max: values.LB_ON_DEMAND_MAX },
    operators: values.LB_OPERATORS === undefined ? undefined : readOperators(values.LB_OPERATORS),
    lingerMs: values.LINGER_MS,
  };
}

function allowed(list: string): (service: string) => boolean {
  if (list === '*') return () => true;
  const names = new Set(splitList(list));
  return (service) => names.has(service);
}

function readOperators(list: string): Operators {
  const tokens = Object.fromEntries(
    list.split(',').map((entry) => {
      const [name = '', token = ''] = entry.trim().split(/:(.*)/s);
      return [name, token];
    }),
  );
  try {
    return new Operators(tokens);
  } catch (error) {
    throw new SettingsError(`LB_OPERATORS: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
