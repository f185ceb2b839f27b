import { expect, it } from 'vitest';

import { failure, success } from '../outcome.ts';
import { seededRandom } from '../random.ts';
import { AimdLimiter } from './aimd-limiter.ts';

it('grows by one for each round trip', () => {
  const limiter = new AimdLimiter({ initial: 10 });
  // Ten answers are a round trip at a limit of ten; a little more is needed as the limit grows under way.
  for (let answer = 0; answer < 11; answer += 1) limiter.end(success, 10, 0, 50);
  expect(limiter.limit).toBe(11);
});

it('is cut once by a burst of refusals, and again by one that began after the cut', () => {
  const limiter = new AimdLimiter({ initial: 100 });
  for (let refusal = 0; refusal < 50; refusal += 1) limiter.end(failure('overload'), 100, 0, 10 + refusal);
  expect(limiter.limit).toBe(90);
  limiter.end(failure('overload'), 90, 20, 100);
  expect(limiter.limit).toBe(81);
});

it('gives two clients of one full server equal parts, from whatever they start', () => {
  const random = seededRandom(4);
  const clients = [new AimdLimiter({ initial: 90, max: 200 }), new AimdLimiter({ initial: 10, max: 200 })];
  const slots = 100;
  const mean = [0, 0];
  for (let round = 0; round < 20_000; round += 1) {
    // Each round trip both send as many as they may; the server refuses any over 100, whosever it is.
    const limits = clients.map((client) => client.limit);
    const sent = limits[0]! + limits[1]!;
    const refused = Math.max(0, sent - slots) / sent;
    for (const [index, client] of clients.entries()) {
      for (let attempt = 0; attempt < limits[index]!; attempt += 1) {
        const outcome = random() < refused ? failure('overload') : success;
        client.end(outcome, limits[index]!, round, round + 1);
      }
      if (round >= 5000) mean[index]! += limits[index]! / 15_000;
    }
  }
  expect(mean[0]! / mean[1]!).toBeGreaterThan(0.9);
  expect(mean[0]! / mean[1]!).toBeLessThan(1.1);
  expect(mean[0]! + mean[1]!).toBeGreaterThan(85);
});

it.each([{ min: 0 }, { min: 5, max: 4 }, { initial: 300 }, { backoff: 1 }, { backoff: 0.4 }, { max: NaN }])(
  'refuses %o',
  (options) => {
    expect(() => new AimdLimiter(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  },
);
