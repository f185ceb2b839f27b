import { expect, it } from 'vitest';

import { Latest } from './latest.ts';

it('gives a reader the value there is, then each newer one', async () => {
  const latest = new Latest<number>();
  latest.set(1);
  const reader = latest[Symbol.asyncIterator]();
  expect(await reader.next()).toEqual({ done: false, value: 1 });
  const next = reader.next();
  latest.set(2);
  expect(await next).toEqual({ done: false, value: 2 });
});

it('lets a slow reader skip what it missed', async () => {
  const latest = new Latest<number>();
  const reader = latest[Symbol.asyncIterator]();
  for (const value of [1, 2, 3]) latest.set(value);
  latest.end();
  expect([await reader.next(), await reader.next()]).toEqual([
    { done: false, value: 3 },
    { done: true, value: undefined },
  ]);
});

it('finishes readers that wait when it ends, and a reader that returns while it waits', async () => {
  const latest = new Latest<number>();
  const [ended, returned] = [latest[Symbol.asyncIterator](), latest[Symbol.asyncIterator]()];
  const waiting = [ended.next(), returned.next()];
  await returned.return?.();
  expect(await waiting[1]).toEqual({ done: true, value: undefined });
  latest.end();
  expect(await waiting[0]).toEqual({ done: true, value: undefined });
});

it('takes no value after its end', () => {
  const latest = new Latest<number>();
  latest.set(1);
  latest.end();
  latest.set(2);
  expect(latest.value).toBe(1);
});
