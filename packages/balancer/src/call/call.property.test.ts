/**
 * Whatever answers, errors, aborts and timers come in whatever order, every caller is told exactly one end, every attempt that began
 * is ended once, and there are never more attempts than the rules allow.
 */
import { type Peer, seededRandom } from '@lb/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { channels } from '../channels.ts';
import { type FakeDispatch, FakeNetwork, Recorder } from '../../test/support/fake-network.ts';

const peers = ['a', 'b', 'c', 'd'];

type Step =
  | { do: 'call'; method: 'GET' | 'POST'; avoid: boolean }
  | { do: 'network'; to: number; event: NetworkEvent }
  | { do: 'caller'; of: number; event: 'abort' | 'pause' | 'resume' }
  | { do: 'wait'; ms: number }
  | { do: 'update'; peers: readonly string[] };

const networkEvents = [
  'start',
  'inform',
  'good',
  'bad',
  'nack',
  'draining',
  'busy',
  'data',
  'end',
  'answer',
  'refused',
  'reset',
  'invalid',
] as const;
type NetworkEvent = (typeof networkEvents)[number];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('call'), method: fc.constantFrom('GET', 'POST'), avoid: fc.boolean() }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('network'), to: fc.nat(30), event: fc.constantFrom(...networkEvents) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('caller'),
      of: fc.nat(15),
      event: fc.constantFrom('abort', 'pause', 'resume'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 10, 30, 100, 600, 3000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('update'), peers: fc.subarray(peers) }) },
);

function happen(dispatch: FakeDispatch, event: NetworkEvent): void {
  switch (event) {
    case 'start':
      if (!dispatch.started && !dispatch.over) dispatch.start();
      break;
    case 'inform':
      dispatch.inform();
      break;
    case 'good':
      dispatch.head(200);
      break;
    case 'bad':
      dispatch.head(503);
      break;
    case 'nack':
      dispatch.head(503, { 'x-lb-nack': 'overload' });
      break;
    case 'draining':
      dispatch.head(503, { 'x-lb-nack': 'draining' });
      break;
    case 'busy':
      dispatch.head(503, { 'retry-after': '1' });
      break;
    case 'data':
      if (dispatch.isAnswering) dispatch.data();
      break;
    case 'end':
      if (dispatch.isAnswering) dispatch.end();
      break;
    case 'answer':
      if (dispatch.started && !dispatch.isAnswering) dispatch.answer();
      break;
    case 'refused':
      if (!dispatch.started) dispatch.fail('ECONNREFUSED');
      break;
    case 'reset':
      if (dispatch.started) dispatch.fail('UND_ERR_SOCKET');
      break;
    case 'invalid':
      if (!dispatch.started) dispatch.fail('UND_ERR_INVALID_ARG');
      break;
    default:
      event satisfies never;
  }
}

/** What has to hold of what a caller was told, at any time. */
function checkContract({ events }: Recorder): void {
  const text = events.join(' ');
  // 1xx answers, at most one other, data only after it, one end and nothing after.
  expect(text).toMatch(/^start( 103)*( (200|503)( data)*( end| error)?| error)?$/);
}

interface Scenario {
  readonly steps: readonly Step[];
  readonly seed: number;
  readonly slots: number;
  readonly hedge: boolean;
  readonly connected: boolean;
  readonly capacity: number;
}

async function run({ steps, seed, slots, hedge, connected, capacity }: Scenario): Promise<void> {
  const attempts = 3;
  const network = new FakeNetwork({
    peers,
    slots,
    connected,
    queueLimit: 3,
    random: seededRandom(seed),
    options: { timeoutMs: 2000, attemptTimeoutMs: 500, retry: { attempts } },
    budget: { capacity, perSecond: 1, perRequest: 0.2 },
    ...(hedge && { hedge: { minSamples: 3, maxShare: 1 } }),
    // Ejections would take peers away that are checked for here.
    pool: { ejection: false },
  });
  // Enough to go by for hedges, which are sent after some 20 ms then.
  for (let sample = 0; sample < 3; sample += 1) network.environment.hedging?.record(20);
  const callers: Recorder[] = [];
  const paid = new Map<unknown, { charged: number; free: number; hedges: number }>();
  const begun = new Map<unknown, Set<Peer>>();
  const outcomes = new Map<unknown, number>();
  const sums = { charged: 0 };
  // A listener that throws would end the process.
  const violations: string[] = [];
  const of = (request: unknown): { charged: number; free: number; hedges: number } => {
    const found = paid.get(request) ?? { charged: 0, free: 0, hedges: 0 };
    paid.set(request, found);
    return found;
  };
  const stops = [
    channels.retry.subscribe(({ request, charged, kind }) => {
      if (charged) sums.charged += 1;
      of(request)[charged ? 'charged' : 'free'] += 1;
      if (request.method === 'POST' && kind !== 'unsent' && kind !== 'refused')
        violations.push(`a POST that was ${kind}`);
    }),
    channels.hedge.subscribe(({ request }) => {
      of(request).hedges += 1;
      sums.charged += 1;
    }),
    channels.pick.subscribe(({ request, peer }) => {
      const tried = begun.get(request) ?? new Set();
      // Somebody twice only where nobody new could be picked.
      const others = [...network.pool.peers].filter((other) => !tried.has(other) && other.load.inFlight < slots);
      if (tried.has(peer) && others.length > 0) violations.push(`${peer.id} again, before ${others[0]?.id}`);
      begun.set(request, tried.add(peer));
    }),
    channels.attempt.subscribe(({ request, attempt }) => {
      const key = `${callers.findIndex(({ info }) => info === request)} ${attempt}`;
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    }),
  ];
  const startedAt = network.clock.now();
  try {
    for (const one of steps) {
      if (one.do === 'call') {
        const caller = new Recorder();
        callers.push(caller);
        const route = one.avoid
          ? network.route({ avoided: new Set([...network.pool.peers].slice(0, 2)) })
          : network.route({});
        const path = `/${callers.length - 1}`;
        network.call({ method: one.method, path, route, hedge: hedge && one.method === 'GET' }, caller);
      } else if (one.do === 'network') {
        const dispatch = network.dispatches.at(-1 - one.to);
        if (dispatch !== undefined) happen(dispatch, one.event);
      } else if (one.do === 'caller') {
        const controller = callers.at(-1 - one.of)?.controller;
        if (one.event === 'abort') controller?.abort(new Error('gone'));
        else controller?.[one.event]();
      } else if (one.do === 'wait') {
        network.clock.advance(one.ms);
      } else {
        network.update(...one.peers);
      }
      // What is not done within a callback of undici is done right after it.
      await Promise.resolve();
      for (const caller of callers) checkContract(caller);
      expect(violations).toEqual([]);
      const charged = capacity + 0.2 * callers.length + (network.clock.now() - startedAt) / 1000;
      expect(sums.charged).toBeLessThanOrEqual(charged + 1e-6);
      expect(network.queue.size).toBeLessThanOrEqual(3);
    }
    // All that is still open comes to an end: answers that have begun go on to theirs, and the rest runs out of time.
    network.clock.advance(2100);
    await Promise.resolve();
    for (const dispatch of network.dispatches) {
      if (!dispatch.isAnswering) continue;
      // An answer that nobody wants is not left unread, or its connection would never be free again.
      const caller = callers[Number(dispatch.options.path.slice(1))]!;
      if (!dispatch.over && caller.ends === 1) expect(dispatch.paused).toBe(false);
      dispatch.end();
    }

    for (const caller of callers) {
      checkContract(caller);
      expect(caller.ends).toBe(1);
    }
    for (const { charged, free, hedges } of paid.values()) {
      expect(charged + hedges).toBeLessThanOrEqual(attempts - 1);
      expect(free).toBeLessThanOrEqual(8);
    }
    // Every attempt told how it ended, once, and what was in flight is not any more.
    for (const caller of callers) {
      const number = caller.info?.attempts ?? 0;
      const told = Array.from({ length: number }, (_, index) =>
        outcomes.get(`${callers.indexOf(caller)} ${index + 1}`),
      );
      expect(told).toEqual(told.map(() => 1));
    }
    expect(network.inFlight).toBe(0);
    expect([network.calls.size, network.queue.size, network.wheel.size]).toEqual([0, 0, 0]);
    // Nothing goes on at a peer that nobody waits for.
    for (const dispatch of network.dispatches) {
      if (!dispatch.started && !dispatch.over) dispatch.start();
      expect(dispatch.over).toBe(true);
    }
  } finally {
    for (const stop of stops) stop();
  }
}

it('ends every request once, and keeps to what is allowed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        steps: fc.array(step, { maxLength: 80, size: 'max' }),
        seed: fc.nat(),
        slots: fc.constantFrom(1, 2, 64),
        hedge: fc.boolean(),
        connected: fc.boolean(),
        capacity: fc.constantFrom(0, 3, 100),
      }),
      run,
    ),
  );
});
