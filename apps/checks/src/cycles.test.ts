import { expect, it } from 'vitest';

import { cyclesOf } from './cycles.ts';

const graph = (edges: Record<string, string[]>): Map<string, string[]> => new Map(Object.entries(edges));

it('finds no cycle where everything points one way', () => {
  expect(cyclesOf(graph({ a: ['b', 'c'], b: ['c'], c: [] }))).toEqual([]);
});

it('finds a cycle of two, and a longer one that hangs off it', () => {
  const cycles = cyclesOf(graph({ a: ['b'], b: ['a', 'c'], c: ['d'], d: ['e'], e: ['c'] }));
  expect(cycles.map((cycle) => cycle.toSorted())).toEqual([
    ['c', 'd', 'e'],
    ['a', 'b'],
  ]);
});
