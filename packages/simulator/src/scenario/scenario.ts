/** A scenario: a model with a name, and the policies to compare on it. What users write, in YAML; README.md describes the fields. */
import { InvalidOptionError } from '@lb/core';
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml';

import { checkModel } from '../check-model.ts';
import type { Distribution } from '../chance/distribution.ts';
import { normalQuantile } from '../chance/normal.ts';
import { contenders, isContenderName } from '../contenders.ts';
import type { Contender } from '../contender.ts';
import { ScenarioError } from '../errors.ts';
import type { ClientsModel, CpuModel, LoadModel, Model, NetworkModel, RegistryModel, ServerModel } from '../model.ts';
import { readChange } from './changes.ts';
import { duration, FieldError, Fields, list, number, type Path, type Reader, text, yes } from './fields.ts';

/** A model, and who is to run on it. */
export interface Scenario {
  readonly name: string;
  readonly model: Model;
  readonly policies: readonly Contender[];
  readonly seed: number;
}

/** Reads a scenario. @throws {ScenarioError} that names file, line and field. */
export function parseScenario(source: string, file = 'scenario'): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const [start = ''] = problem.message.split('\n');
    throw new ScenarioError(start, { file, line: problem.linePos?.[0].line }, { cause: problem });
  }
  try {
    return readScenario(document.toJS());
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    const at = offsetOf(document.contents, error.path);
    const line = at === undefined ? undefined : lines.linePos(at).line;
    throw new ScenarioError(error.message, { file, line, path: printPath(error.path) }, { cause: error });
  }
}

/** Of what has been read from the file. @throws {FieldError} */
function readScenario(value: unknown): Scenario {
  const fields = new Fields(value, []);
  const durationMs = fields.required('duration', duration);
  const model: Model = {
    durationMs,
    warmupMs: fields.optional('warmup', duration) ?? durationMs / 10,
    servers: fields.required('servers', list(readServers)).flat(),
    service: fields.required('service', readService),
    load: fields.required('load', readLoad),
    clients: fields.optional('clients', readClients) ?? { count: 1 },
    ...fields.maybe('network', 'network', readNetwork),
    ...fields.maybe('registry', 'registry', readRegistry),
    ...fields.maybe('events', 'changes', list(readChange)),
  };
  const scenario = {
    name: fields.optional('name', text) ?? 'A cluster',
    model,
    policies: fields.optional('policies', list(readPolicy)) ?? usualPolicies,
    seed: fields.optional('seed', number) ?? 1,
  };
  fields.end();
  check(model);
  return scenario;
}

const usualPolicies: readonly Contender[] = [
  contenders.p2cLatency,
  contenders.p2c,
  contenders.smoothWeightedRoundRobin,
  contenders.random,
  contenders.oracle,
];

/** The model's own rules, said of the fields as they are called here. */
function check(model: Model): void {
  try {
    checkModel(model);
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const path = error.option.split(/[.[\]]+/).filter((part) => part !== '');
    const named = path.map((part) => (/^\d+$/.test(part) ? Number(part) : (renamed[part] ?? part)));
    throw new FieldError(named, error.message.replace(/^Option "[^"]*" /, ''));
  }
}

const renamed: Readonly<Record<string, string>> = {
  durationMs: 'duration',
  warmupMs: 'warmup',
  changes: 'events',
  atMs: 'at',
  delayMs: 'delay',
  jitterMs: 'jitter',
  lagMs: 'lag',
  leaseTtlMs: 'leaseTtl',
  fromMs: 'from',
  untilMs: 'until',
  attemptTimeoutMs: 'timeout',
};

const readPolicy: Reader<Contender> = (value, path) => {
  const name = text(value, path);
  if (isContenderName(name)) return contenders[name];
  throw new FieldError(path, `must be one of ${Object.keys(contenders).join(', ')}, got "${name}"`);
};

/** One server, or `count` of them with a number behind the id. */
const readServers: Reader<readonly ServerModel[]> = (value, path) => {
  const fields = new Fields(value, path);
  const id = fields.required('id', text);
  const count = fields.optional('count', number);
  const server = {
    slots: fields.required('slots', number),
    ...fields.maybe('queue', 'queueLimit', number),
    ...fields.maybe('speed', 'speed', number),
    ...fields.maybe('service', 'service', readService),
    ...fields.maybe('cpu', 'cpu', readCpu),
    ...fields.maybe('weight', 'weight', number),
    ...fields.maybe('maxConcurrency', 'maxConcurrency', number),
    ...fields.maybe('zone', 'zone', text),
    ...(fields.optional('absent', yes) === true && { present: false }),
  };
  fields.end();
  if (count === undefined) return [{ id, ...server }];
  if (!Number.isInteger(count) || count < 1 || count > 100_000) {
    throw new FieldError([...path, 'count'], `must be an integer from 1 to 100000, got ${count}`);
  }
  return Array.from({ length: count }, (_, index) => ({ id: `${id}-${index + 1}`, ...server }));
};

const readCpu: Reader<CpuModel> = (value, path) => {
  const fields = new Fields(value, path);
  const cpu = { perSecond: fields.required('perSecond', number), ...fields.maybe('burst', 'burst', number) };
  fields.end();
  return cpu;
};

const readService: Reader<Distribution> = (value, path) => {
  const fields = new Fields(value, path);
  const service = fields.oneOf<Distribution>({
    fixed: (given, at) => ({ kind: 'fixed', ms: duration(given, at) }),
    exponential: (given, at) => ({ kind: 'exponential', meanMs: duration(given, at) }),
    lognormal: readLognormal,
    normal: (given, at) => {
      const parts = new Fields(given, at);
      const normal = {
        kind: 'normal',
        meanMs: parts.required('mean', duration),
        deviationMs: parts.required('deviation', duration),
      } as const;
      parts.end();
      return normal;
    },
    trace: (given, at) => ({ kind: 'trace', samplesMs: list(duration)(given, at) }),
  });
  fields.end();
  return service;
};

/** By the two figures that people have of their own services. */
const readLognormal: Reader<Distribution> = (value, path) => {
  const fields = new Fields(value, path);
  const medianMs = fields.required('median', duration);
  const p99Ms = fields.required('p99', duration);
  fields.end();
  if (!(p99Ms >= medianMs && medianMs > 0)) {
    throw new FieldError(path, `must have a p99 of at least its median, got ${p99Ms} ms and ${medianMs} ms`);
  }
  return lognormalOf(medianMs, p99Ms);
};

/** The log-normal distribution of this median and 99th percentile. */
export function lognormalOf(medianMs: number, p99Ms: number): Distribution {
  return { kind: 'lognormal', medianMs, sigma: Math.log(p99Ms / medianMs) / normalQuantile(0.99) };
}

const readLoad: Reader<LoadModel> = (value, path) => {
  const fields = new Fields(value, path);
  const load = fields.oneOf<LoadModel>({
    perSecond: (given, at) => ({ kind: 'open', perSecond: number(given, at) }),
    connections: (given, at) => ({
      kind: 'closed',
      connections: number(given, at),
      ...fields.maybe('think', 'thinkMs', duration),
      ...fields.maybe('pauseAfterFailure', 'pauseAfterFailureMs', duration),
    }),
  });
  fields.end();
  return load;
};

const readClients: Reader<ClientsModel> = (value, path) => {
  const fields = new Fields(value, path);
  const retries = fields.optional('retries', number);
  const clients = {
    count: fields.optional('count', number) ?? 1,
    ...fields.maybe('maxPending', 'maxPending', number),
    ...fields.maybe('timeout', 'attemptTimeoutMs', duration),
    ...(retries !== undefined && { maxAttempts: retries + 1 }),
    ...fields.maybe('hedgeAfterQuantile', 'hedge', (given, at) => ({ quantile: number(given, at) })),
  };
  fields.end();
  return clients;
};

const readNetwork: Reader<NetworkModel> = (value, path) => {
  const fields = new Fields(value, path);
  const network = { ...fields.maybe('delay', 'delayMs', duration), ...fields.maybe('jitter', 'jitterMs', duration) };
  fields.end();
  return network;
};

const readRegistry: Reader<RegistryModel> = (value, path) => {
  const fields = new Fields(value, path);
  const registry = {
    ...fields.maybe('lag', 'lagMs', duration),
    ...fields.maybe('leaseTtl', 'leaseTtlMs', duration),
    ...fields.maybe(
      'outages',
      'outages',
      list((given, at) => {
        const outage = new Fields(given, at);
        const times = { fromMs: outage.required('from', duration), untilMs: outage.required('until', duration) };
        outage.end();
        return times;
      }),
    ),
  };
  fields.end();
  return registry;
};

function printPath(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${part}`))
    .join('');
}

/** Where in the text the field at `path` stands, or the deepest part of the path that is there. */
function offsetOf(contents: unknown, path: Path): number | undefined {
  let node = contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === part);
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else {
      node = isNode(node) && 'get' in node && typeof node.get === 'function' ? node.get(part, true) : undefined;
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    }
  }
  return offset;
}
