/**
 * A scenario of what is running: servers and load as a consumer's `/lb/state.json` tells of them.
 *
 * A consumer sees answers, not machines, so two things are inferred. The work of a request is the log-normal distribution of the median and
 * 99th percentile that were seen, which include what waiting there was. And where no limit is registered, a server is given four times
 * the slots that it now uses on average, at least eight: whoever knows better says so in a scenario file.
 */
import { checkNumber } from '@lb/core';

import type { Distribution } from '../chance/distribution.ts';
import { StateError } from '../errors.ts';
import type { Model, ServerModel } from '../model.ts';
import { Fields, FieldError, list, number, type Reader, text } from './fields.ts';
import { lognormalOf, type Scenario } from './scenario.ts';
import { contenders } from '../contenders.ts';

interface PeerFigures {
  readonly id: string | undefined;
  readonly name: string;
  readonly weight: number;
  readonly limit: number | undefined;
  readonly perSecond: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** What to change about the cluster that is running. */
export interface FromStateOptions {
  /** Name or id of a provider that is lost when a third of the time is over; what is counted is what follows. */
  readonly without?: string | undefined;
  /** Load to suppose, in requests a second. Defaults to what the state shows. */
  readonly perSecond?: number | undefined;
  /** Defaults to 60 000 ms. */
  readonly durationMs?: number;
}

/** @throws {StateError} when there is nothing to simulate: no peers, no traffic, or no answers yet. */
export function scenarioFromState(state: unknown, options: FromStateOptions = {}): Scenario {
  const peers = readPeers(state);
  const seen = peers.filter(({ p50Ms }) => p50Ms !== undefined);
  const perSecondNow = peers.reduce((sum, peer) => sum + peer.perSecond, 0);
  if (peers.length === 0) throw new StateError('The state lists no peers, so there is nothing to simulate');
  if (seen.length === 0 || perSecondNow === 0) {
    throw new StateError('The state shows no traffic, so load and latency are not known: send some, and ask again');
  }
  const perSecond = checkNumber('perSecond', options.perSecond ?? perSecondNow, { above: 0 });
  const durationMs = options.durationMs ?? 60_000;
  const lost = options.without === undefined ? undefined : findLost(peers, options.without);
  const model: Model = {
    servers: peers.map((peer) => serverOf(peer)),
    service: workOf(seen),
    load: { kind: 'open', perSecond },
    clients: { count: 1, maxPending: 1024 },
    durationMs,
    warmupMs: durationMs / 3,
    ...(lost !== undefined && { changes: [{ atMs: durationMs / 3, kind: 'crash', server: lost }] }),
  };
  return {
    name: titleOf(lost, options.perSecond),
    model,
    policies: [contenders.p2cLatency, contenders.smoothWeightedRoundRobin, contenders.random, contenders.oracle],
    seed: 1,
  };
}

function titleOf(lost: string | undefined, perSecond: number | undefined): string {
  if (lost === undefined) return perSecond === undefined ? 'As it is now' : `At ${perSecond} requests a second`;
  return `Without ${lost}, at ${perSecond === undefined ? 'the load of now' : `${perSecond} requests a second`}`;
}

function serverOf(peer: PeerFigures): ServerModel {
  const { name, weight, limit, p50Ms, p99Ms, perSecond } = peer;
  const slots = limit ?? Math.max(8, Math.ceil((4 * perSecond * (p50Ms ?? 0)) / 1000));
  return {
    id: name,
    slots,
    weight,
    ...(limit !== undefined && { maxConcurrency: limit, queueLimit: 0 }),
    ...(p50Ms !== undefined && { service: distributionOf(p50Ms, p99Ms) }),
  };
}

/** For servers that have not answered yet: what the first of the others does. */
function workOf([first]: readonly PeerFigures[]): Distribution {
  return distributionOf(first?.p50Ms ?? 1, first?.p99Ms);
}

function distributionOf(p50Ms: number, p99Ms = p50Ms): Distribution {
  return lognormalOf(Math.max(0.001, p50Ms), Math.max(0.001, p50Ms, p99Ms));
}

function findLost(peers: readonly PeerFigures[], wanted: string): string {
  const found = peers.find(({ name }) => name === wanted) ?? peers.find(({ id }) => id === wanted);
  if (found !== undefined) return found.name;
  throw new StateError(`No peer is called "${wanted}"; there are ${peers.map(({ name }) => name).join(', ')}`);
}

function readPeers(state: unknown): PeerFigures[] {
  try {
    const named = new Map<string, PeerFigures>();
    for (const peer of new Fields(state, []).required('peers', list(readPeer))) {
      // Two runs of one service on one machine may share a name, and servers may not.
      const taken = named.has(peer.name);
      named.set(taken ? `${peer.name}-${named.size + 1}` : peer.name, peer);
    }
    return Array.from(named, ([name, peer]) => ({ ...peer, name }));
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw new StateError(`The state is not one of a consumer: ${error.path.join('.')} ${error.message}`, {
      cause: error,
    });
  }
}

const readPeer: Reader<PeerFigures> = (value, path) => {
  const fields = new Fields(value, path);
  const id = fields.optional('id', text);
  return {
    id,
    name: fields.optional('name', text) ?? id ?? fields.required('id', text),
    weight: fields.optional('weight', number) ?? 1,
    limit: fields.optional('limit', number),
    perSecond: fields.optional('perSecond', number) ?? 0,
    p50Ms: fields.optional('p50Ms', number),
    p99Ms: fields.optional('p99Ms', number),
  };
};
