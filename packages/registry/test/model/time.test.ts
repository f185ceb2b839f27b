import { expect, it } from 'vitest';

import { VirtualTime } from './time.ts';

it('a timer that is due at once fires, though no time passes', async () => {
  const time = new VirtualTime(() => undefined);
  let fired = false;
  time.ours.schedule(() => setImmediate(() => time.ours.schedule(() => (fired = true), 0)), 5);

  expect(await time.until(() => fired, 1000)).toBe(5);
});

it('what never comes about is given up when its time is over', async () => {
  const time = new VirtualTime(() => undefined);

  expect(await time.until(() => false, 1000)).toBeUndefined();
  expect(time.now()).toBe(1000);
});
