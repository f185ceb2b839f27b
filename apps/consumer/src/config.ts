/** The consumer's settings, from the environment. */
import { readSettings, splitHosts } from '@lb/common';
import type { policies } from '@lb/core';
import { Operators } from '@lb/page';
import { Type } from 'typebox';

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
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
  PORT: Type.Integer({
    default: 8087,
    minimum: 0,
    maximum: 65_535,
    description: 'Port to listen on; 0 for any free one',
  }),
  ETCD_HOSTS: Type.String({
    default: 'http://127.0.0.1:2379',
    description: 'Members of the etcd cluster, comma-separated',
  }),
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
  LB_OPERATORS: Type.Optional(
    Type.String({
      description:
        'Who may act on the live page, such as alice:TOKEN,bob:TOKEN, tokens of 16 characters or more; nobody if not set',
    }),
  ),
  MAX_EVENT_LOOP_DELAY_MS: Type.Integer({
    default: 100,
    minimum: 0,
    description: 'Requests are refused while the event loop is late by more than this on average; 0 for never',
  }),
  LINGER_MS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 60_000,
    description: 'How long to go on serving, not ready, before closing: for what stands in front to notice',
  }),
  LOG_LEVEL: Type.String({ default: 'info', description: 'fatal, error, warn, info, debug, trace or silent' }),
});

export interface ConsumerConfig {
  readonly host: string;
  readonly port: number;
  readonly etcdHosts: readonly string[];
  readonly service: string;
  readonly policy: PolicyName;
  readonly ttlSeconds: number;
  readonly timeoutMs: number;
  /** Who may act on the live page; `undefined` for nobody. */
  readonly operators: Operators | undefined;
  readonly maxEventLoopDelayMs: number;
  readonly lingerMs: number;
  readonly logLevel: string;
}

/** Throws `SettingsError`. */
export function readConfig(env: NodeJS.ProcessEnv): ConsumerConfig {
  const values = readSettings(schema, env);
  return {
    host: values.HOST,
    port: values.PORT,
    etcdHosts: splitHosts(values.ETCD_HOSTS),
    service: values.LB_SERVICE,
    policy: values.LB_POLICY,
    ttlSeconds: values.LB_TTL_SECONDS,
    timeoutMs: values.LB_TIMEOUT_MS,
    operators: values.LB_OPERATORS === undefined ? undefined : readOperators(values.LB_OPERATORS),
    maxEventLoopDelayMs: values.MAX_EVENT_LOOP_DELAY_MS,
    lingerMs: values.LINGER_MS,
    logLevel: values.LOG_LEVEL,
  };
}

function readOperators(list: string): Operators {
  const tokens = Object.fromEntries(
    list.split(',').map((entry) => {
      const [name = '', token = ''] = entry.trim().split(/:(.*)/s);
      return [name, token];
    }),
  );
  return new Operators(tokens);
}
