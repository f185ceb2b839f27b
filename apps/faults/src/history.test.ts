import { expect, it } from 'vitest';

import { History } from './history.ts';
import type { AttemptRecord } from './processes/orders.ts';

function attempt(provider: string, at: number): AttemptRecord {
  return { provider, id: provider, at, elapsedMs: 1, number: 1, outcome: 'success' };
}

/** Two providers of 100 attempts a second each, of which one is hardly asked from some moment on. */
function history(leftAt: number, trials: readonly number[]): History {
  const moments = Array.from({ length: 200 }, (_, index) => index * 10);
  const attempts = [
    ...moments.map((at) => attempt('well', at)),
    ...moments.filter((at) => at <= leftAt).map((at) => attempt('ill', at)),
    ...trials.map((at) => attempt('ill', at)),
  ];
  return new History({ requests: [], attempts, peers: [], events: [], loopLateMs: 0 });
}

it('takes a provider for out of rotation when it gets next to nothing, and not for what is tried of it', () => {
  // A tenth of the 25 attempts that are its part of half a second: with the last two before 300 it is out already.
  expect(history(300, []).outOfRotation('ill', 100)).toBe(280);
  expect(history(300, [700, 1500]).outOfRotation('ill', 100)).toBe(290);
  expect(history(50, []).outOfRotation('ill', 100)).toBe(100);
});

it('does not take one for out of rotation that still gets a part', () => {
  const everyFifth = Array.from({ length: 40 }, (_, index) => index * 50);
  expect(history(300, everyFifth.slice(7)).outOfRotation('ill', 100)).toBeGreaterThan(1000);
});
