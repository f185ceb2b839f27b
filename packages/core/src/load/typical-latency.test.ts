import { expect, it } from 'vitest';

import { seededRandom } from '../random.ts';
import { TypicalLatency } from './typical-latency.ts';

it('settles at the median, however long the slowest answers take', () => {
  const typical = new TypicalLatency();
  const random = seededRandom(1);
  // The ratio of two equal chances: as likely above 20 as below, and without a mean at all.
  const estimates: number[] = [];
  for (let answer = 0; answer < 5000; answer += 1) {
    typical.observe((20 * random()) / random());
    if (answer >= 1000) estimates.push(typical.ms);
  }
  const mean = estimates.reduce((sum, each) => sum + each, 0) / estimates.length;
  expect(mean).toBeGreaterThan(15);
  expect(mean).toBeLessThan(30);
});

it('starts at the first answer, and is twice as high after fifteen that say so', () => {
  const typical = new TypicalLatency();
  expect(typical.ms).toBe(0);
  typical.observe(8);
  expect(typical.ms).toBe(8);
  for (let answer = 0; answer < 15; answer += 1) typical.observe(100);
  expect(typical.ms).toBeGreaterThan(16);
  expect(typical.ms).toBeLessThan(18);
});
