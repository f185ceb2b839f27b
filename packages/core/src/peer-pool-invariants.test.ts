/** What holds for a pool whatever is done to it, in whatever order, under whatever clock. */
import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Attempt } from './attempt.ts';
import type { Endpoint } from './endpoint.ts';
import { AimdLimiter } from './limit/aimd-limiter.ts';
import { failure, ignored, success } from './outcome.ts';
import { isOpen, type Peer } from './peer.ts';
import { PeerPool } from './peer-pool.ts';
import { policies } from './policies.ts';
import { seededRandom } from './random.ts';
import { endpoint } from './testing.ts';

const outcomes = fc.constantFrom(
  success,
  success,
  ignored,
  failure('connect'),
  failure('timeout'),
  failure('reset'),
  failure('status'),
  failure('overload'),
  failure('overload', 400),
);
const listed = fc.array(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    state: fc.constantFrom('serving' as const, 'serving' as const, 'serving' as const, 'draining' as const),
    weight: fc.constantFrom(undefined, 1, 3, 0, 1e-300, 1e300, NaN, -1),
    maxConcurrency: fc.constantFrom(undefined, undefined, 2, 1),
    startedAt: fc.constantFrom(undefined, 0, 1e12, NaN),
  }),
  { maxLength: 8 },
);
const which = fc.nat({ max: 20 });
/** Time stands still, moves on, leaps, and goes back. */
const afterMs = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 400, 1100, 3000) },
  { weight: 1, arbitrary: fc.constantFrom(-500, 35_000, 700_000, NaN, Infinity) },
);
const command = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('update' as const), listed, backwards: fc.boolean() }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('begin' as const), exclude: fc.boolean() }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('end' as const), which, outcome: outcomes }) },
  // Whoever ends badly often does so many times over: runs of one outcome are what ejects.
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('endAll' as const), outcome: outcomes }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      count: fc.nat({ max: 40 }),
      outcome: outcomes,
      everyOther: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('eject' as const, 'restore', 'purge'), which }) },
);
const steps = fc.array(fc.record({ command, afterMs }), { maxLength: 100 });
const settings = fc.record({
  policy: fc.constantFrom(
    policies.random(),
    policies.roundRobin(),
    policies.weightedRandom(),
    policies.p2c(),
    policies.p2cLatency(),
  ),
  suspicion: fc.boolean(),
  limiter: fc.constantFrom(undefined, () => new AimdLimiter({ initial: 3 })),
  seed: fc.integer(),
});

it('keeps its promises through any sequence of updates, attempts and times, and heals when all succeed', () => {
  fc.assert(
    fc.property(settings, steps, ({ policy, suspicion, limiter, seed }, sequence) => {
      const pool = new PeerPool({
        policy,
        suspicion,
        random: seededRandom(seed),
        timeOrigin: 0,
        ...(limiter !== undefined && { limiter }),
        onEject: (peer, ejection) => {
          const { candidates, ejected } = pool.status(NaN);
          expect(peer.ejection).toBe(ejection);
          // A probe that fails prolongs an ejection, which other peers' leaving may have put past the bound.
          if (!prolonged(peer)) expect(ejected).toBeLessThanOrEqual(Math.max(1, Math.floor(candidates / 2)));
          if (!prolonged(peer)) expect(candidates - ejected).toBeGreaterThanOrEqual(1);
        },
      });
      const known = new Map<string, Peer>();
      const before = new Map<Peer, boolean>();
      const prolonged = (peer: Peer) => before.get(peer) === true;
      let open: { attempt: Attempt; probe: boolean; at: number }[] = [];
      const ended: Attempt[] = [];
      let revision = 10;
      let now = 1000;
      let latest = 1000;

      const check = () => {
        const status = pool.status(NaN);
        const peers = [...pool.peers];
        for (const peer of peers) {
          // The same object for as long as the id is there.
          expect(known.get(peer.id) ?? peer).toBe(peer);
          const inFlight = open.filter(({ attempt }) => attempt.peer === peer).length;
          expect(peer.load.inFlight).toBe(inFlight);
          expect(peer.weight >= 0 && peer.weight < Infinity).toBe(true);
          const { ejection } = peer;
          if (ejection !== undefined) {
            expect(Number.isFinite(ejection.until) && Number.isInteger(ejection.count)).toBe(true);
            expect(ejection.until).toBeLessThanOrEqual(latest + 36_000);
          }
        }
        known.clear();
        before.clear();
        for (const peer of peers) {
          known.set(peer.id, peer);
          before.set(peer, peer.ejection !== undefined);
        }
        for (const value of [status.candidates, status.ejected, status.baseline]) {
          expect(value >= 0 && value < Infinity).toBe(true);
        }
      };

      const begin = (exclude: ReadonlySet<Peer>) => {
        const context = { now, exclude };
        const peer = pool.pick(context);
        const all = [...pool.peers];
        const wants = ({ endpoint: one }: Peer) => one.state === 'serving' && (one.weight ?? 1) > 0;
        const candidates = all.filter((one) => wants(one) && !one.suspect);
        const available = candidates.filter(({ ejection }) => ejection === undefined);
        const { baseline } = pool.status(NaN);
        const due =
          available.length > 0 && available.length >= baseline / 2
            ? 'available'
            : all.some(wants)
              ? 'panic'
              : all.length > 0
                ? 'last-resort'
                : 'none';
        // What time alone brings about waits for a clock that has gone back.
        const tier = now < latest ? pool.tier : due;
        expect(pool.tier).toBe(tier);
        const eligible = tier === 'available' ? available : tier === 'panic' ? all.filter(wants) : all;
        expect(all.every((one) => one.weight > 0 === eligible.includes(one))).toBe(true);
        const probe = peer?.ejection?.probing === true;
        if (peer === undefined) {
          expect(eligible.some((one) => isOpen(one, context))).toBe(false);
          expect(() => pool.pickOrThrow({ ...context, now: NaN })).toThrow(/No endpoint/);
          return;
        }
        expect(isOpen(peer, context)).toBe(true);
        expect(probe || eligible.includes(peer)).toBe(true);
        // While others can be picked, a peer that is out gets one request at a time, unless that one has hung past all patience.
        const alive = open.filter((one) => one.attempt.peer === peer && one.probe && latest - one.at < 30_000);
        if (tier === 'available' && peer.ejection !== undefined) expect(alive).toEqual([]);
        open.push({ attempt: pool.begin(peer, now), probe: tier === 'available' && probe, at: latest });
      };

      const end = (index: number, outcome: Parameters<Attempt['end']>[0]) => {
        const { attempt } = open.splice(index, 1)[0]!;
        const present = [...pool.peers].includes(attempt.peer);
        expect(attempt.end(outcome, now)).toBe(present);
        ended.push(attempt);
        expect(attempt.end(success, now)).toBe(false);
      };

      for (const { command: todo, afterMs: passed } of sequence) {
        now += Number.isFinite(passed) ? passed : 0;
        latest = Math.max(latest, now);
        const clock = Number.isFinite(passed) ? now : passed;
        const peers = [...pool.peers];
        switch (todo.kind) {
          case 'update': {
            revision += todo.backwards ? -3 : 1;
            const endpoints = todo.listed.map(({ id, ...fields }): Endpoint => endpoint(id, fields));
            pool.update({ revision, endpoints }, clock);
            const ids = new Set(endpoints.map(({ id }) => id));
            for (const peer of pool.peers) expect(peer.suspect).toBe(!ids.has(peer.id));
            if (!suspicion) expect(new Set([...pool.peers].map(({ id }) => id))).toEqual(ids);
            break;
          }
          case 'begin':
            begin(new Set(todo.exclude ? peers.slice(0, 1) : []));
            break;
          case 'end':
            if (open.length > 0) end(todo.which % open.length, todo.outcome);
            else ended[todo.which]?.end(todo.outcome, clock);
            break;
          case 'endAll':
            while (open.length > 0) end(0, todo.outcome);
            break;
          case 'burst':
            for (let request = 0; request < todo.count; request += 1) {
              const others = open.length;
              begin(new Set());
              const well = todo.everyOther && request % 2 === 0;
              if (open.length > others) end(others, well ? success : todo.outcome);
            }
            break;
          case 'tick':
            pool.tick(clock);
            break;
          case 'eject':
            if (peers.length > 0) pool.eject(peers[todo.which % peers.length]!, 'operator', clock);
            break;
          case 'restore':
            if (peers.length > 0) pool.restore(peers[todo.which % peers.length]!, clock);
            break;
          case 'purge': {
            const peer = peers[todo.which % peers.length];
            if (peer !== undefined) expect(pool.purge(peer, clock)).toBe(peer.suspect);
            break;
          }
        }
        check();
      }

      // From here on all goes well, and in a few minutes nothing is left of what was.
      now = latest;
      while (open.length > 0) end(0, success);
      for (let request = 0; request < 400; request += 1) {
        now += 500;
        const peer = pool.pick({ now });
        if (peer !== undefined) expect(pool.begin(peer, now).end(success, now + 10)).toBe(true);
      }
      const status = pool.status(now);
      expect(status.ejected).toBe(0);
      if (status.candidates > 0) expect(status.tier).toBe('available');
      for (const peer of pool.peers) {
        if (peer.weight === 0 || peer.suspect || status.tier !== 'available') continue;
        const { weight = 1 } = peer.endpoint;
        expect(peer.weight).toBe(Math.min(1e100, Math.max(1e-100, weight)));
      }
    }),
  );
});
