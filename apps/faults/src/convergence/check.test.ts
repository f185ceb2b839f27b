import { describe, expect, it } from 'vitest';

import { check, vacuous } from './check.ts';
import type { Change, FaultRecord, Published, RunHistory } from './history.ts';

const changes: Change[] = [
  { revision: 2, writes: [['x', 1]] },
  {
    revision: 3,
    writes: [
      ['p1a', 2],
      ['p1b', 2.5],
    ],
  },
  { revision: 5, writes: [['x', undefined]] },
  { revision: 6, writes: [['y', 4]] },
];
const fault: FaultRecord = { at: 0, name: 'cut', healedAt: 1, writesPerSecond: 200, caughtUpMs: 10 };

function seen(revision: number, endpoints: Record<string, number>): Published {
  return { at: 0, revision, endpoints: new Map(Object.entries(endpoints)) };
}

const whole = { p1a: 2, p1b: 2.5 };
const good = [seen(2, { x: 1 }), seen(4, { x: 1, ...whole }), seen(5, whole), seen(6, { ...whole, y: 4 })];

function run(published: readonly Published[], rest: Partial<RunHistory> = {}): RunHistory {
  return {
    worlds: [{ changes }],
    views: [{ name: 'view', published: [...published] }],
    faults: [fault],
    disconnects: 1,
    ...rest,
  };
}

function properties(history: RunHistory): string[] {
  return check(history, 5000).map(({ property }) => property);
}

it('finds nothing wrong with a view that skips states and repeats them', () => {
  expect(properties(run(good))).toEqual([]);
  expect(properties(run([good[0]!, good[0]!, good[3]!]))).toEqual([]);
});

describe('finds', () => {
  it('an event that was missed', () => {
    expect(properties(run([good[0]!, seen(6, { x: 1, ...whole, y: 4 })]))).toEqual(['reliable', 'equal']);
  });

  it('a revision that goes back', () => {
    expect(properties(run([good[2]!, good[1]!, good[3]!]))).toEqual(['ordered']);
  });

  it('half of a transaction', () => {
    expect(properties(run([seen(3, { x: 1, p1a: 1, p1b: 2.5 }), good[3]!]))).toEqual(['atomic']);
  });

  it('two states of one revision', () => {
    expect(properties(run([good[0]!, seen(2, {}), good[3]!]))).toEqual(['unique', 'reliable']);
  });

  it('a view that is wrong at the end', () => {
    expect(properties(run(good.slice(0, 3)))).toEqual(['equal']);
    expect(properties(run([]))).toEqual(['equal']);
  });

  it('a view that came back late, or never', () => {
    expect(properties(run(good, { faults: [{ ...fault, caughtUpMs: 5001 }] }))).toEqual(['resumable']);
    expect(properties(run(good, { faults: [{ ...fault, caughtUpMs: undefined }] }))).toEqual(['resumable']);
  });
});

describe('a store that was wiped', () => {
  const worlds = [{ changes }, { changes: [{ revision: 2, writes: [['z', 9]] as const }] }];

  it('may begin at a lower revision', () => {
    expect(properties(run([...good, seen(2, { z: 9 })], { worlds }))).toEqual([]);
  });

  it('is not judged for what it did last, which nobody else has seen', () => {
    const ended = [{ changes, endedAt: 100 }, worlds[1]!];
    const last = { ...seen(7, { ...whole, y: 5 }), at: 99 };
    expect(properties(run([...good, last, seen(2, { z: 9 })], { worlds: ended }))).toEqual([]);
    expect(properties(run([...good, { ...last, at: 101 }, seen(2, { z: 9 })], { worlds: ended }))).toEqual([
      'reliable',
    ]);
  });

  it('may not be mixed with what was there before', () => {
    expect(properties(run([...good, seen(2, { z: 9, y: 4 }), seen(2, { z: 9 })], { worlds }))).toContain('reliable');
    expect(properties(run([...good, seen(2, { z: 9 }), good[3]!], { worlds }))).toContain('reliable');
  });
});

describe('refuses a run', () => {
  it.each<[string, Partial<RunHistory>]>([
    ['without a fault', { faults: [] }],
    ['in which nothing was ever cut off', { disconnects: 0 }],
    ['with few writes', { faults: [{ ...fault, writesPerSecond: 99 }] }],
    ['with a view that saw nothing', { views: [{ name: 'view', published: [] }] }],
  ])('%s', (_what, rest) => {
    expect(vacuous(run(good), 100)).toBeUndefined();
    expect(vacuous(run(good, rest), 100)).toEqual(expect.any(String));
  });
});
