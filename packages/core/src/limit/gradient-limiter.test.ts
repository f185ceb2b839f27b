import { expect, it } from 'vitest';

import { failure, success } from '../outcome.ts';
import { GradientLimiter } from './gradient-limiter.ts';

/** Has `limiter` see `windows` windows of full use in which every answer takes `latencyMs`. */
function load(limiter: GradientLimiter, windows: number, latencyMs: number, from: number): number {
  let now = from;
  for (let window = 0; window < windows; window += 1) {
    now += 1000;
    for (let answer = 0; answer < 10; answer += 1) limiter.end(success, limiter.limit, now - latencyMs, now);
  }
  return now;
}

it('creeps up by a fifth of the queue in each window while latency stays what it was', () => {
  const limiter = new GradientLimiter({ initial: 50 });
  load(limiter, 11, 20, 0);
  // 50 + 11 × 0.2 × 4 = 58.8
  expect(limiter.limit).toBe(58);
});

it('tolerates half as much latency again, and falls when it doubles', () => {
  const limiter = new GradientLimiter({ initial: 100, max: 100 });
  const now = load(limiter, 100, 20, 0);
  load(limiter, 1, 29, now);
  expect(limiter.limit).toBe(100);
  load(limiter, 1, 40, now + 1000);
  // The long average has hardly moved: gradient 1.5 × 20 / 40 = 0.75, so 0.8 × 100 + 0.2 × (75 + 4) = 95.8.
  expect(limiter.limit).toBe(95);
});

it('falls by no more than a tenth in a window, however slow the answers', () => {
  const limiter = new GradientLimiter({ initial: 100, max: 100 });
  const now = load(limiter, 100, 20, 0);
  load(limiter, 1, 20_000, now);
  // gradient 0.5: 0.8 × 100 + 0.2 × (50 + 4)
  expect(limiter.limit).toBe(90);
});

it('comes back after a long overload without waiting ten minutes for its average', () => {
  const limiter = new GradientLimiter({ initial: 100, min: 20, max: 100 });
  let now = load(limiter, 600, 20, 0);
  now = load(limiter, 600, 400, now);
  now = load(limiter, 120, 20, now);
  expect(limiter.limit).toBe(100);
  // And then sees the next overload: the long average has come down with it.
  load(limiter, 20, 400, now);
  expect(limiter.limit).toBeLessThan(50);
});

it('counts time-outs by the time they took, and fast refusals not at all', () => {
  const limiter = new GradientLimiter({ initial: 100, max: 100 });
  let now = load(limiter, 100, 20, 0);
  now += 1000;
  for (let refusal = 0; refusal < 100; refusal += 1) limiter.end(failure('overload'), 100, now - 1, now);
  expect(limiter.limit).toBe(100);
  now += 1000;
  for (let timeout = 0; timeout < 10; timeout += 1) limiter.end(failure('timeout'), 100, now - 500, now);
  expect(limiter.limit).toBe(90);
});

it.each([{ min: 0 }, { min: 300, max: 200 }, { initial: 5 }, { tolerance: 0.5 }, { queue: -1 }, { windowMs: 0 }])(
  'refuses %o',
  (options) => {
    expect(() => new GradientLimiter(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  },
);
