/** Requests through the balancer that consumers use, so that what it does can be seen from outside. */
import type { Balancer, BalancerChannels, RequestInfo } from '@lb/balancer';
import { policies, type Policy } from '@lb/core';

import { type Answered, type KnownPeer, Tally } from '../call/tally.ts';
import { readRequest, requestOptions, type RequestToMake } from '../call/request.ts';
import type { Command } from '../command.ts';
import { CommandError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { milliseconds } from '../numbers.ts';
import { etcdOptions, readEtcdOptions } from '../settings.ts';
import { styled, Terminal } from '../terminal/terminal.ts';
import { weightShares } from '../weight-shares.ts';
import type { World } from '../world.ts';

/** Policies that need neither a key in each request nor something to ask peers with; the default first. */
const plainPolicies: ReadonlyMap<string, () => Policy> = new Map([
  ['p2cLatency', () => policies.p2cLatency()],
  ['p2cPeakEwma', () => policies.p2cPeakEwma()],
  ['p2c', policies.p2c],
  ['leastLoaded', policies.leastLoaded],
  ['weightedRandom', policies.weightedRandom],
  ['smoothWeightedRoundRobin', policies.smoothWeightedRoundRobin],
  ['staticStride', policies.staticStride],
  ['roundRobin', policies.roundRobin],
  ['random', policies.random],
]);
const policyNames = [...plainPolicies.keys()];

export const call: Command = {
  name: 'call',
  about: 'send a request, or many, to a service as a consumer would',
  positionals: [
    { name: 'service', about: 'service to call', complete: 'service' },
    { name: 'path', about: 'path and query, such as "/hash?text=hello"' },
  ],
  options: {
    ...requestOptions,
    count: { value: 'N', about: 'send it so often, and print shares and latencies instead of answers' },
    concurrency: { value: 'N', about: 'with --count, so many at once (8)' },
    policy: { value: 'NAME', about: 'what chooses among endpoints (p2cLatency)', complete: policyNames },
    deadline: { value: 'MS', about: 'how long a request may take, retries included (15000)' },
    json: { about: 'with --count, the figures as one line of JSON' },
    ...etcdOptions,
  },
  details: `The answer goes to standard output, who gave it to standard error. Retries, ejection and the choice are those of
@lb/balancer, so what a consumer would not notice does not show here either.
Exits with 1 for an answer of 400 and above, or none; with --count, for any of 500 and above, or none.`,
  run: async (given, terminal, world) => {
    const request = await readRequest(given);
    const times = given.number('count', { min: 1, max: 1e7, integer: true });
    const concurrency = given.number('concurrency', { min: 1, max: 512, integer: true }) ?? 8;
    const deadlineMs = given.number('deadline', { min: 1, max: 3_600_000 });
    const policy = readPolicy(given.text('policy'));
    const service = given.required('service');
    const etcd = await readEtcdOptions(given, world.env);
    const { discover, inspect } = await import('@lb/registry');
    const { channels, createBalancer } = await import('@lb/balancer');
    // While etcd is away a consumer waits; whoever calls wants to know.
    const { services } = await inspect({ ...etcd, service, leases: false, signal: world.signal });
    if (services.every(({ endpoints }) => endpoints.length === 0)) {
      throw new CommandError('ERR_NOT_FOUND', `No endpoint of "${service}" is registered`);
    }
    const balancer = createBalancer({
      service,
      discovery: discover({ ...etcd, service }),
      policy,
      ...(deadlineMs !== undefined && { timeoutMs: deadlineMs }),
      connectionsPerPeer: Math.max(64, concurrency),
    });
    try {
      if (times === undefined) return await callOnce(balancer, channels, request, terminal, world);
      const startedAt = performance.now();
      const tally = await callOften(balancer, channels, request, times, concurrency, world.signal);
      const tookMs = performance.now() - startedAt;
      const peers = knownPeers(balancer);
      if (given.flag('json')) terminal.json(tally.json(peers, tookMs));
      else terminal.lines(tally.lines(peers, tookMs));
      return tally.failed === 0 ? exitCodes.ok : exitCodes.failed;
    } finally {
      await balancer.close();
    }
  },
};

function readPolicy(name = 'p2cLatency'): Policy {
  const found = plainPolicies.get(name);
  if (found === undefined) throw new UsageError(`--policy must be one of ${policyNames.join(', ')}, got "${name}"`);
  return found();
}

async function callOnce(
  balancer: Balancer,
  channels: BalancerChannels,
  request: RequestToMake,
  terminal: Terminal,
  world: World,
): Promise<ExitCode> {
  const { path, ...rest } = request;
  const infos: RequestInfo[] = [];
  const unsubscribe = channels.request.subscribe((info) => infos.push(info));
  try {
    const { statusCode, body } = await balancer.request(path, { ...rest, signal: world.signal });
    terminal.content(Buffer.from(await body.arrayBuffer()));
    const status = new Terminal(world.stderr, world.env);
    const style = statusCode >= 400 ? 'red' : 'green';
    status.line(styled(style, String(statusCode)), ` ${infos.map(describe).join()}`);
    return statusCode >= 400 ? exitCodes.failed : exitCodes.ok;
  } finally {
    unsubscribe();
  }
}

function describe({ peer, attempts, elapsedMs }: RequestInfo): string {
  const who = peer === undefined ? 'nobody' : `${peer.id} at ${peer.endpoint.origin}`;
  const after = attempts > 1 ? `, attempt ${attempts}` : '';
  return `from ${who} in ${milliseconds(elapsedMs ?? 0)} ms${after}`;
}

async function callOften(
  balancer: Balancer,
  channels: BalancerChannels,
  { path, ...rest }: RequestToMake,
  times: number,
  concurrency: number,
  signal: AbortSignal,
): Promise<Tally> {
  const tally = new Tally();
  const unsubscribe = channels.request.subscribe((info) => {
    if (!info.aborted) tally.add(toAnswered(info));
  });
  let left = times;
  const work = async (): Promise<void> => {
    while (left > 0 && !signal.aborted) {
      left -= 1;
      // What becomes of it comes by the channel, failures, too.
      await balancer
        .request(path, { ...rest, signal })
        .then(({ body }) => body.dump())
        .catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: Math.min(times, concurrency) }, work));
  unsubscribe();
  return tally;
}

function toAnswered({ peer, statusCode, error, attempts, elapsedMs }: RequestInfo): Answered {
  const code = error !== undefined && 'code' in error ? String(error.code) : error?.name;
  return {
    id: peer?.id,
    status: error === undefined ? statusCode : undefined,
    error: code,
    attempts,
    elapsedMs: elapsedMs ?? 0,
  };
}

function knownPeers({ pool }: Balancer): KnownPeer[] {
  const endpoints = Array.from(pool.peers, ({ endpoint }) => endpoint);
  const shares = weightShares(endpoints);
  return endpoints
    .map(({ id, origin }) => ({ id, origin, weightShare: shares.get(id) ?? 0 }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
