import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Load } from './load.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('sends nothing, and wakes for nothing, at a rate of 0', async () => {
  const load = new Load('http://127.0.0.1:1', 0, () => {});
  load.start();
  expect(vi.getTimerCount()).toBe(0);
  await load.stop();
});
