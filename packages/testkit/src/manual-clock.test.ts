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

test('fires many timers in order, whatever is cancelled between', () => {
  const clock = new ManualClock();
  const fired: number[] = [];
  const expected: number[] = [];
  for (let index = 0; index < 500; index += 1) {
    const delay = (index * 7919) % 500;
    const cancel = clock.schedule(() => fired.push(delay), delay);
    if (index % 3 === 0) {
      cancel();
      cancel();
    } else expected.push(delay);
  }

  expect([clock.pending, clock.next]).toEqual([expected.length, Math.min(...expected)]);
  clock.advance(500);

  expect(fired).toEqual(expected.toSorted((one, other) => one - other));
  expect([clock.pending, clock.next]).toEqual([0, Infinity]);
});

test('lets promises go on between two timers when it runs', async () => {
  const clock = new ManualClock();
  const seen: number[] = [];
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      clock.schedule(resolve, ms);
    });
  const sleeper = async (): Promise<void> => {
    for (;;) {
      await sleep(10);
      seen.push(clock.now());
    }
  };
  void sleeper();

  await clock.run(35);

  expect([seen, clock.now()]).toEqual([[10, 20, 30], 35]);
});
