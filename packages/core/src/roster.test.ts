import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Endpoint } from './endpoint.ts';
import { Roster } from './roster.ts';
import { endpoint } from './testing.ts';

const never = () => false;
const ids = (endpoints: readonly Endpoint[]) => endpoints.map(({ id }) => id);
const listOf = (names: string, fields: Partial<Endpoint> = {}) => Array.from(names, (id) => endpoint(id, fields));

/** A roster that has seen `names` in its first snapshot, at revision 1 and time 0. */
function rosterOf(names: string): Roster {
  const roster = new Roster({});
  roster.apply({ revision: 1, endpoints: listOf(names) }, never, 0);
  return roster;
}
const suspects = (roster: Roster) => [...roster.ids].filter((id) => roster.isSuspect(id)).join('');

describe('with suspicion', () => {
  it('lets one go that is the only one to go', () => {
    const roster = rosterOf('abcd');
    const change = roster.apply({ revision: 2, endpoints: listOf('abc') }, never, 10);
    expect([ids(change.removed), ids(change.suspected)]).toEqual([['d'], []]);
  });

  it('lets go whoever was seen draining, to the last', () => {
    const roster = rosterOf('abcd');
    roster.apply({ revision: 2, endpoints: listOf('abcd', { state: 'draining' }) }, never, 10);
    const change = roster.apply({ revision: 3, endpoints: [] }, never, 20);
    expect(ids(change.removed)).toEqual(['a', 'b', 'c', 'd']);
    expect([...roster.ids]).toEqual([]);
  });

  it('lets go whom attempts have shown to fail', () => {
    const roster = rosterOf('abcd');
    const change = roster.apply({ revision: 2, endpoints: listOf('d') }, (id) => id !== 'd', 10);
    expect(ids(change.removed)).toEqual(['a', 'b', 'c']);
  });

  it('keeps half of those that go at once without a word', () => {
    const roster = rosterOf('abcdefgh');
    const change = roster.apply({ revision: 2, endpoints: [] }, never, 10);
    expect(ids(change.removed)).toEqual(['a', 'b', 'c', 'd']);
    expect(ids(change.suspected)).toEqual(['e', 'f', 'g', 'h']);
  });

  it('counts those that go one after the other within a window together', () => {
    const roster = rosterOf('abcd');
    const removed: string[] = [];
    for (const [step, names] of ['bcd', 'cd', 'd', ''].entries()) {
      removed.push(...ids(roster.apply({ revision: 2 + step, endpoints: listOf(names) }, never, step * 1000).removed));
    }
    expect([removed.join(''), suspects(roster)]).toEqual(['ab', 'cd']);
  });

  it('lets more go when the window is over', () => {
    const roster = rosterOf('abcd');
    roster.apply({ revision: 2, endpoints: listOf('cd') }, never, 0);
    const change = roster.apply({ revision: 3, endpoints: listOf('d') }, never, 17_000);
    expect(ids(change.removed)).toEqual(['c']);
  });

  it('measures half by the largest size of the last minute', () => {
    const roster = rosterOf('abcdefgh');
    roster.apply({ revision: 2, endpoints: listOf('efgh') }, never, 0);
    // Four have gone in this window: half of eight. Of four it would have been two too many.
    expect(ids(roster.apply({ revision: 3, endpoints: listOf('fgh') }, never, 16_999).suspected)).toEqual(['e']);
    expect(ids(roster.apply({ revision: 4, endpoints: listOf('h') }, never, 17_000).removed)).toEqual(['f', 'g']);
  });

  it('never lets the last one go without a word', () => {
    const roster = rosterOf('a');
    expect(ids(roster.apply({ revision: 2, endpoints: [] }, never, 10).suspected)).toEqual(['a']);
  });

  it('takes a lower revision for another registry: all that it does not list is suspect', () => {
    const roster = rosterOf('abcd');
    roster.apply({ revision: 9, endpoints: listOf('abcd') }, never, 10);
    const change = roster.apply({ revision: 3, endpoints: listOf('dx') }, never, 20);
    expect([ids(change.removed), ids(change.suspected), ids(change.added)]).toEqual([[], ['a', 'b', 'c'], ['x']]);
  });

  it('takes a suspect back that is listed again', () => {
    const roster = rosterOf('ab');
    roster.apply({ revision: 2, endpoints: [] }, never, 10);
    expect(suspects(roster)).toBe('b');
    expect(ids(roster.apply({ revision: 3, endpoints: listOf('b') }, never, 20).changed)).toEqual(['b']);
    expect(suspects(roster)).toBe('');
  });

  it('holds a suspect for ten minutes, and then until the next word from the registry', () => {
    const roster = rosterOf('ab');
    roster.apply({ revision: 2, endpoints: [] }, never, 10);
    expect(ids(roster.apply({ revision: 3, endpoints: [] }, never, 600_009).removed)).toEqual([]);
    expect(suspects(roster)).toBe('b');
    expect(ids(roster.apply({ revision: 4, endpoints: [] }, never, 600_010).removed)).toEqual(['b']);
  });
});

it('follows every snapshot to the letter without suspicion', () => {
  const roster = new Roster();
  roster.apply({ revision: 1, endpoints: listOf('abcd') }, never, 0);
  expect(ids(roster.apply({ revision: 0, endpoints: [] }, never, 10).removed)).toEqual(['a', 'b', 'c', 'd']);
});

it('takes the last of two with one id, as one', () => {
  const roster = new Roster();
  const [first, last] = [endpoint('a'), endpoint('a', { weight: 2 })];
  const change = roster.apply({ revision: 1, endpoints: [first, last] }, never, 0);
  expect(change).toEqual({ added: [last], changed: [], removed: [], suspected: [] });
});

it('keeps its rules through any sequence of snapshots, as a plain account of them does', () => {
  const made = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    state: fc.constantFrom('serving' as const, 'serving' as const, 'draining' as const),
  });
  const step = fc.record({
    listed: fc.array(made, { maxLength: 8 }),
    // Mostly forward, at times back to another registry's beginning.
    revision: fc.oneof({ weight: 6, arbitrary: fc.constant('next') }, fc.constant('back')),
    ejected: fc.subarray(['a', 'b', 'c']),
    afterMs: fc.constantFrom(0, 50, 5000, 20_000, 700_000),
    forget: fc.constantFrom(undefined, undefined, 'a', 'd'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const roster = new Roster({});
      const known = new Map<string, { endpoint: Endpoint; since?: number }>();
      const sizes: { size: number; until: number }[] = [];
      let removals: number[] = [];
      let size = 0;
      let revision = 100;
      let now = 0;
      for (const { listed, revision: way, ejected, afterMs, forget } of steps) {
        now += afterMs;
        revision = way === 'next' ? revision + 1 : revision - 50;
        const endpoints = listed.map(({ id, state }) => endpoint(id, { state }));
        const snapshot = new Map(endpoints.map((one) => [one.id, one]));

        // The account: who goes, by the rules in the order that they stand in.
        const baseline = Math.max(size, ...sizes.filter((one) => one.until > now).map((one) => one.size));
        removals = removals.filter((at) => now - at < 17_000);
        const gone: string[] = [];
        const doubted: string[] = [];
        let drained = 0;
        for (const one of snapshot.values()) if (!known.has(one.id)) known.set(one.id, { endpoint: one });
        for (const [id, entry] of known) {
          if (snapshot.has(id)) continue;
          const suspectFor = entry.since === undefined ? undefined : now - entry.since;
          let goes = false;
          if (way === 'back') goes = false;
          else if (suspectFor !== undefined) goes = ejected.includes(id) || suspectFor >= 600_000;
          else if (entry.endpoint.state === 'draining' || ejected.includes(id)) goes = true;
          else if (known.size > 1 && removals.length < Math.max(1, Math.floor(baseline / 2))) {
            goes = true;
            removals.push(now);
          }
          if (goes) {
            if (suspectFor === undefined && entry.endpoint.state === 'draining') drained += 1;
            known.delete(id);
            gone.push(id);
          } else if (suspectFor === undefined) {
            entry.since = now;
            doubted.push(id);
          }
        }
        for (const one of snapshot.values()) known.set(one.id, { endpoint: one });
        sizes.push({ size, until: now + 60_000 });
        for (const one of sizes) one.size -= drained;
        size = snapshot.size;

        const change = roster.apply({ revision, endpoints }, (id) => ejected.includes(id), now);
        expect(ids(change.removed)).toEqual(gone);
        expect(ids(change.suspected)).toEqual(doubted);
        if (forget !== undefined && known.get(forget)?.since !== undefined) {
          known.delete(forget);
          roster.forget(forget);
        }
        expect(new Set(roster.ids)).toEqual(new Set(known.keys()));
        for (const [id, entry] of known) {
          expect([roster.get(id), roster.isSuspect(id)]).toEqual([entry.endpoint, entry.since !== undefined]);
        }
        expect(roster.revision).toBe(revision);
      }
    }),
  );
});

it.each([{ maxRemovedShare: 2 }, { windowMs: -1 }, { baselineMs: NaN }, { holdMs: -1 }])('refuses %o', (options) => {
  expect(() => new Roster(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
