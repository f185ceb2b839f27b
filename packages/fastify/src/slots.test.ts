import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Slots } from './slots.ts';

const never = new AbortController().signal;

it('works on as many as there are slots, and the rest wait their turn', async () => {
  const slots = new Slots(2, 10);
  const order: string[] = [];
  const [first, second] = await Promise.all([slots.take(never), slots.take(never)]);
  const third = slots.take(never).then((release) => (order.push('third'), release));
  const fourth = slots.take(never).then((release) => (order.push('fourth'), release));
  expect([slots.used, slots.queued]).toEqual([2, 2]);
  first?.();
  (await third)?.();
  (await fourth)?.();
  second?.();
  expect([order, slots.used, slots.queued]).toEqual([['third', 'fourth'], 0, 0]);
});

it('refuses at once whoever finds the queue full', async () => {
  const slots = new Slots(1, 1);
  const release = await slots.take(never);
  const waiting = slots.take(never);
  expect(await slots.take(never)).toBeUndefined();
  release?.();
  expect(await waiting).toBeDefined();
});

it('forgets whoever goes away while it waits', async () => {
  const slots = new Slots(1, 1);
  const release = await slots.take(never);
  const caller = new AbortController();
  const waiting = slots.take(caller.signal);
  caller.abort();
  expect([await waiting, slots.queued]).toEqual([undefined, 0]);
  release?.();
  expect(slots.used).toBe(0);
});

it('never has more at work than slots, whatever comes, ends and goes away in whatever order', async () => {
  const step = fc.constantFrom('come', 'end', 'leave');
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), async (limit, steps) => {
      const slots = new Slots(limit, 3);
      const working: (() => void)[] = [];
      const callers: AbortController[] = [];
      for (const one of steps) {
        if (one === 'come') {
          const caller = new AbortController();
          callers.push(caller);
          void slots.take(caller.signal).then((release) => release !== undefined && working.push(release));
        } else if (one === 'end') working.shift()?.();
        else callers.shift()?.abort();
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
        expect(slots.used).toBe(working.length);
        expect(slots.used).toBeLessThanOrEqual(limit);
        if (slots.queued > 0) expect(slots.used).toBe(limit);
      }
    }),
  );
});
