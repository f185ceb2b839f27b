import { expect, test } from 'vitest';
import { ManualClock } from './manual-clock.ts';

test('fires timers in order of their time, at their time', () => {
  const clock = new ManualClock(100);
  const fired: string[] = [];
  clock.schedule(() => fired.push(`late at ${clock.now()}`), 20);
  clock.schedule(() => fired.push(`early at ${clock.now()}`), 10);
  clock.schedule(() => fired.push(`second late at ${clock.now()}`), 20);

  clock.advance(15);
  expect(fired).toEqual(['early at 110']);
  clock.advance(15);
  expect(fired).toEqual(['early at 110', 'late at 120', 'second late at 120']);
  expect(clock.now()).toBe(130);
});

test('fires what a timer sets within the same move', () => {
  const clock = new ManualClock();
  let ticks = 0;
  const tick = (): void => {
    ticks += 1;
    clock.schedule(tick, 10);
  };
  clock.schedule(tick, 10);

  clock.advance(35);

  expect(ticks).toBe(3);
  expect(clock.pending).toBe(1);
});

test('does not fire a timer that was cancelled', () => {
  const clock = new ManualClock();
  let fired = false;
  const cancel = clock.schedule(() => (fired = true), 10);

  cancel();
  clock.advance(10);

  expect(fired).toBe(false);
  expect(clock.pending).toBe(0);
});
