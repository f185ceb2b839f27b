/**
 * A client process: a balancer that is set up as in `apps/consumer`, an open loop of requests through it, and a record of all that it
 * sees. Requests are sent when they are due, whether or not earlier ones were answered.
 */
import { connectsTried } from './record-connects.ts';
import { type Balancer, channels, createBalancer } from '@lb/balancer';
import { channels as registryChannels, discover, type EtcdDiscovery } from '@lb/registry';
import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';

import { now } from '../now.ts';
import { shiftClock } from './shift-clock.ts';
import type {
  AttemptRecord,
  ClientAnswer,
  ClientLook,
  ClientOrder,
  ClientSettings,
  EventRecord,
  Load,
  PeersRecord,
  Records,
  RequestRecord,
} from './orders.ts';

const text = 'what is asked';
const rightAnswer = createHash('sha256').update(text).digest('hex');
/** How often the clock is looked at: due requests are sent so much too late at most. */
const tickMs = 2;

let requests: RequestRecord[] = [];
let attempts: AttemptRecord[] = [];
let peers: PeersRecord[] = [];
let events: EventRecord[] = [];
let loopLateMs = 0;
let opened: { readonly balancer: Balancer; readonly discovery: EtcdDiscovery } | undefined;
let ticking: NodeJS.Timeout | undefined;
const underWay = new Set<Promise<void>>();

process.on('message', (order: ClientOrder) => void obey(order).then(tell));
process.on('disconnect', () => process.exit());

async function obey(order: ClientOrder): Promise<ClientAnswer> {
  switch (order.kind) {
    case 'open':
      open(order.settings);
      return { kind: 'done' };
    case 'begin':
      begin(order.load);
      return { kind: 'done' };
    case 'end':
      return { kind: 'records', records: await end() };
    case 'block': {
      const until = now() + order.ms;
      while (now() < until);
      return { kind: 'done' };
    }
    case 'shift':
      shiftClock(order.ms);
      return { kind: 'done' };
    case 'look':
      return { kind: 'look', look: look() };
    default:
      return order satisfies never;
  }
}

function open({ hosts, service, ttlSeconds, timeoutMs, insecure = false }: ClientSettings): void {
  const discovery = discover({ hosts, service, insecure });
  const balancer = createBalancer({
    service,
    discovery,
    timeoutMs,
    suspicion: { windowMs: (ttlSeconds + 2) * 1000 },
    probe: { path: '/livez' },
  });
  opened = { balancer, discovery };
  channels.attempt.subscribe(({ peer, attempt, outcome, elapsedMs }) => {
    attempts.push({
      at: now() - elapsedMs,
      elapsedMs,
      number: attempt,
      provider: peer.endpoint.metadata['name'] ?? peer.id,
      id: peer.id,
      outcome: outcome.kind === 'failure' ? outcome.reason : outcome.kind,
    });
  });
  channels.update.subscribe(() => notePeers());
  channels.purge.subscribe(({ peer }) => {
    event('purge', peer.id);
    notePeers();
  });
  channels.eject.subscribe(({ peer, ejection }) => event('eject', `${peer.id} ${ejection.reason}`));
  channels.restore.subscribe(({ peer }) => event('restore', peer.id));
  channels.overflow.subscribe(({ limit }) => event('overflow', limit));
  registryChannels.lost.subscribe(({ subject, reason }) => event('lost', `${subject} ${reason}`));
  registryChannels.recovered.subscribe(({ subject }) => event('recovered', subject));
}

function event(kind: EventRecord['kind'], about: string): void {
  events.push({ at: now(), kind, about });
}

function notePeers(): void {
  if (opened === undefined) return;
  peers.push({ at: now(), ids: Array.from(opened.balancer.pool.peers, ({ id }) => id) });
}

function begin({ perSecond, methods }: Load): void {
  const gapMs = 1000 / perSecond;
  let due = now();
  let before = due;
  let count = 0;
  ticking = setInterval(() => {
    const at = now();
    loopLateMs = Math.max(loopLateMs, at - before - tickMs);
    before = at;
    for (; due <= at; due += gapMs) {
      count += 1;
      const sent = send(due, methods === 'mixed' && count % 2 === 0 ? 'POST' : 'GET');
      underWay.add(sent);
      void sent.finally(() => underWay.delete(sent));
    }
  }, tickMs);
}

async function send(at: number, method: 'GET' | 'POST'): Promise<void> {
  const failure = await ask(method);
  requests.push({ at, elapsedMs: now() - at, method, failure });
}

/** What is wrong with the answer; `undefined` for nothing. */
async function ask(method: 'GET' | 'POST'): Promise<string | undefined> {
  if (opened === undefined) return 'not open';
  const { balancer } = opened;
  try {
    const { statusCode, body } =
      method === 'GET'
        ? await balancer.request(`/hash?text=${encodeURIComponent(text)}`)
        : await balancer.request('/hash', {
            method,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ text }),
          });
    const answer = await body.text();
    if (statusCode !== 200) return String(statusCode);
    return answer.includes(rightAnswer) ? undefined : 'wrong answer';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    // Whatever has no place in a caller's error handling is worth its stack.
    if (!/^(ERR_(?!ASSERTION)|UND_ERR_|E[A-Z]+$)/.test(code) && error instanceof Error)
      event('bug', error.stack ?? error.message);
    return code;
  }
}

async function end(): Promise<Records> {
  clearInterval(ticking);
  await Promise.all(underWay);
  const records = { requests, attempts, peers, events, loopLateMs };
  [requests, attempts, peers, events, loopLateMs] = [[], [], [], [], 0];
  return records;
}

function look(): ClientLook {
  globalThis.gc?.();
  const resources = process.getActiveResourcesInfo();
  const count = (kind: string): number => resources.filter((resource) => resource.startsWith(kind)).length;
  const { balancer, discovery } = opened ?? {};
  const status = discovery?.status;
  return {
    ids: Array.from(balancer?.pool.peers ?? [], ({ id }) => id),
    revision: status?.revision ?? -1,
    stale: status?.stale !== false,
    ageMs: status?.ageMs ?? Infinity,
    suspects: balancer?.pool.status(performance.now()).suspects ?? 0,
    queued: balancer?.stats.queued ?? 0,
    invalid: status?.invalid ?? 0,
    connects: connectsTried(),
    heapBytes: process.memoryUsage().heapUsed,
    sockets: sockets() ?? count('TCP'),
    timers: count('Timeout'),
  };
}

/** All that are open, those too that would not keep the process alive; `undefined` where there is no way to tell. */
function sockets(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const files = readdirSync('/proc/self/fd').map((file) => {
    try {
      return readlinkSync(`/proc/self/fd/${file}`);
    } catch {
      return '';
    }
  });
  return files.filter((file) => file.startsWith('socket:')).length;
}

function tell(message: ClientAnswer): void {
  process.send?.(message);
}
