import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { failure, ignored, type Outcome, success } from '../outcome.ts';
import { seededRandom } from '../random.ts';
import { peersOf } from '../testing.ts';
import { ConsecutiveFailures } from './consecutive-failures.ts';

const peer = peersOf(1)[0]!;
const all: readonly Outcome[] = [
  success,
  ignored,
  failure('connect'),
  failure('timeout'),
  failure('reset'),
  failure('status'),
  failure('overload'),
];
const local = new Set<Outcome>([failure('connect'), failure('timeout'), failure('reset')]);
const remote = new Set<Outcome>([failure('status')]);

it.each([
  {
    side: 'local' as const,
    needed: 3,
    adds: local,
    ends: new Set<Outcome>([success, failure('status'), failure('overload')]),
  },
  { side: 'remote' as const, needed: 5, adds: remote, ends: new Set<Outcome>([success]) },
])('asks at $needed in a row on the $side side, and counts the other side apart', ({ side, needed, adds, ends }) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...all), { maxLength: 60 }), (outcomes) => {
      const sensor = new ConsecutiveFailures({ side, chance: 1 }).watch(peer);
      for (const [index, outcome] of outcomes.entries()) {
        const seen = outcomes.slice(0, index + 1);
        const since = seen.slice(seen.findLastIndex((one) => ends.has(one)) + 1);
        const run = since.filter((one) => adds.has(one)).length;
        expect(sensor.record(outcome, 1, 0)).toBe(adds.has(outcome) && run >= needed);
      }
    }),
  );
});

describe('the length that is asked for', () => {
  const timeout = failure('timeout');

  /** How many in a row it takes on one peer while `percent` of the attempts on others fail. */
  function needed(percent: number): number {
    const detector = new ConsecutiveFailures({ side: 'local' });
    const others = detector.watch(peer);
    for (let attempt = 0; attempt < 1000; attempt += 1) {
      others.record((attempt * percent) % 100 < percent ? timeout : success, 1, 0);
    }
    const sensor = detector.watch(peer);
    for (let length = 1; length <= 200; length += 1) if (sensor.record(timeout, 1, 0)) return length;
    return Infinity;
  }

  it.each([
    { percent: 0, length: 3 },
    { percent: 9, length: 3 },
    { percent: 30, length: 6 },
    { percent: 50, length: 10 },
    { percent: 66, length: 17 },
    { percent: 100, length: Infinity },
  ])('is $length while $percent % fail elsewhere', ({ percent, length }) => {
    expect(needed(percent)).toBe(length);
  });

  it('is three for a quiet client, which has seen too little to compare with', () => {
    const sensor = new ConsecutiveFailures({ side: 'local' }).watch(peer);
    for (const outcome of [timeout, success, timeout, timeout]) expect(sensor.record(outcome, 1, 0)).toBe(false);
    expect(sensor.record(timeout, 1, 0)).toBe(true);
  });

  it('is three for a suspect, whatever fails elsewhere', () => {
    const detector = new ConsecutiveFailures({ side: 'local' });
    const [suspect, other] = peersOf(1, 1);
    suspect!.suspect = true;
    const others = detector.watch(other!);
    for (let attempt = 0; attempt < 100; attempt += 1) others.record(timeout, 1, 0);
    const sensor = detector.watch(suspect!);
    expect([1, 2, 3].map(() => sensor.record(timeout, 1, 0))).toEqual([false, false, true]);
  });

  it('asks for an ejection every five seconds in a pool in which everybody fails 30 %, where three in a row would be five a second', () => {
    const random = seededRandom(6);
    const asked = (chance: number): number => {
      const detector = new ConsecutiveFailures({ side: 'local', chance });
      const sensors = peersOf(1, 1, 1, 1).map((one) => detector.watch(one));
      let ejections = 0;
      for (let request = 0; request < 60_000; request += 1) {
        const sensor = sensors[request % 4]!;
        if (!sensor.record(random() < 0.3 ? timeout : success, 1, (request * 1000) / 300)) continue;
        ejections += 1;
        sensor.reset();
      }
      return ejections;
    };
    // 200 seconds of 300 requests each.
    expect(asked(0.001)).toBeLessThan(40);
    expect(asked(1)).toBeGreaterThan(800);
  });
});

it('starts from none after a reset', () => {
  const sensor = new ConsecutiveFailures({ side: 'local' }).watch(peer);
  sensor.record(failure('reset'), 1, 0);
  sensor.record(failure('reset'), 1, 0);
  sensor.reset();
  expect(sensor.record(failure('reset'), 1, 0)).toBe(false);
});

it.each([{ side: 'both' }, { side: 'local', failures: 0 }, { side: 'local', failures: 1.5 }])(
  'refuses %o',
  (options) => {
    // @ts-expect-error what a caller without types might pass
    expect(() => new ConsecutiveFailures(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  },
);
