import { expect, it } from 'vitest';

import { untilQuiet } from './until-quiet.ts';

/** How long it waits where requests come at these times. */
async function waits(limitMs: number, ...requests: number[]): Promise<number> {
  let at = 0;
  await untilQuiet({
    lastAt: () => Math.max(-Infinity, ...requests.filter((time) => time <= at)),
    limitMs,
    now: () => at,
    sleep: async (ms) => void (at += ms),
  });
  return at;
}

it('does not wait when nobody has asked of late', async () => {
  expect(await waits(1000)).toBe(0);
  expect(await waits(1000, -100)).toBe(0);
});

it('waits as long as requests come, and a little longer', async () => {
  expect(await waits(1000, -10, 90, 190)).toBe(300);
});

it('waits for whoever never heard no longer than it may', async () => {
  expect(await waits(250, ...Array.from({ length: 100 }, (_one, index) => 50 * index))).toBe(250);
  expect(await waits(0, 0)).toBe(0);
});
