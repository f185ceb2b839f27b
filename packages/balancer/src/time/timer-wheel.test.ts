import fc from 'fast-check';
import { expect, it } from 'vitest';

import { TestClock } from '../../test/support/test-clock.ts';
import type { TimerHandle } from './clock.ts';
import { TimerWheel, WheelTimer } from './timer-wheel.ts';

/** A timer that writes down when it fired. */
function recorder(fired: [name: string, at: number][], name: string, then: () => void = () => {}): WheelTimer {
  return new WheelTimer({
    onTime: (now) => {
      fired.push([name, now]);
      then();
    },
  });
}

it('fires a timer at its time or one tick later, and never again', () => {
  const clock = new TestClock(1003);
  const wheel = new TimerWheel(clock);
  const fired: [string, number][] = [];
  wheel.set(recorder(fired, 'a'), 1103, clock.now());
  clock.advance(99);
  expect(fired).toEqual([]);
  clock.advance(10_000);
  expect(fired).toEqual([['a', 1105]]);
  expect([wheel.size, clock.pending]).toEqual([0, 0]);
});

it('fires what is due later than one turn of the wheel takes', () => {
  const clock = new TestClock();
  const wheel = new TimerWheel(clock);
  const fired: [string, number][] = [];
  wheel.set(recorder(fired, 'late'), 600_000, clock.now());
  clock.advance(599_999);
  expect(fired).toEqual([]);
  clock.advance(1);
  expect(fired).toEqual([['late', 600_000]]);
});

it('asks for no real timer that is longer than there are', () => {
  const delays: number[] = [];
  const wheel = new TimerWheel({
    now: () => 0,
    setTimer: (_callback, delayMs) => (delays.push(delayMs), { cancel: () => {}, hold: () => {} }),
  });
  for (const at of [2 ** 40, Number.MAX_VALUE]) wheel.set(recorder([], 'late'), at, 0);
  expect(delays).toEqual([2 ** 31 - 1]);
});

it('fires at the next tick what was due when it was set', () => {
  const clock = new TestClock(5000);
  const wheel = new TimerWheel(clock);
  const fired: [string, number][] = [];
  wheel.set(recorder(fired, 'overdue'), 100, clock.now());
  clock.advance(5);
  expect(fired).toEqual([['overdue', 5005]]);
});

it('fires all that a stalled process missed, however long ago', () => {
  let now = 0;
  let wake = (): void => {};
  const wheel = new TimerWheel({
    now: () => now,
    setTimer: (callback) => {
      wake = callback;
      return { cancel: () => {}, hold: () => {} };
    },
  });
  const fired: [string, number][] = [];
  wheel.set(recorder(fired, 'a'), 10, now);
  wheel.set(recorder(fired, 'b'), 2000, now);
  wheel.set(recorder(fired, 'c'), 60_000, now);
  now = 3_600_000;
  wake();
  expect(fired.map(([name]) => name).toSorted()).toEqual(['a', 'b', 'c']);
});

it('goes on after a timer that throws', () => {
  const clock = new TestClock();
  const wheel = new TimerWheel(clock);
  const fired: [string, number][] = [];
  wheel.set(recorder(fired, 'after'), 10, clock.now());
  const thrower = recorder(fired, 'thrower', () => {
    throw new Error('boom');
  });
  wheel.set(thrower, 10, clock.now());
  expect(() => clock.advance(20)).toThrow('boom');
  clock.advance(20);
  expect(fired.map(([name]) => name)).toEqual(['thrower', 'after']);
});

it('leaves the real timer alone for timers that are set and cleared, and lets it keep no process alive meanwhile', () => {
  const clock = new TestClock();
  let taken = 0;
  const held: boolean[] = [];
  const wheel = new TimerWheel({
    now: clock.now,
    setTimer: (callback, delayMs): TimerHandle => {
      taken += 1;
      return { cancel: clock.schedule(callback, delayMs), hold: (alive) => void held.push(alive) };
    },
  });
  const timer = recorder([], 'a');
  for (let request = 0; request < 100; request += 1) {
    wheel.set(timer, clock.now() + 500, clock.now());
    clock.advance(1);
    wheel.clear(timer);
  }
  expect(taken).toBe(1);
  expect(held).toEqual(Array.from({ length: 199 }, (_, index) => index % 2 === 1));
  wheel.stop();
  expect(clock.pending).toBe(0);
});

it('does what a list of times would do, whatever is set, moved and cleared', () => {
  const step = fc.oneof(
    fc.record({ set: fc.nat(9), in: fc.integer({ min: -20, max: 8000 }) }),
    fc.record({ clear: fc.nat(9) }),
    fc.record({ wait: fc.integer({ min: 0, max: 4000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(10_000), (steps, start) => {
      const clock = new TestClock(start);
      const wheel = new TimerWheel(clock);
      const fired: [string, number][] = [];
      const due = new Map<number, number>();
      const timers = Array.from({ length: 10 }, (_, index) => recorder(fired, String(index)));
      for (const one of steps) {
        if ('set' in one) {
          // What is overdue counts from now.
          due.set(one.set, clock.now() + Math.max(0, one.in));
          wheel.set(timers[one.set]!, clock.now() + one.in, clock.now());
        } else if ('clear' in one) {
          due.delete(one.clear);
          wheel.clear(timers[one.clear]!);
        } else {
          fired.length = 0;
          clock.advance(one.wait);
          for (const [name, at] of fired) {
            const wanted = due.get(Number(name));
            expect(wanted).toBeDefined();
            expect(at).toBeGreaterThanOrEqual(wanted!);
            expect(at).toBeLessThanOrEqual(wanted! + 5);
            due.delete(Number(name));
          }
          for (const at of due.values()) expect(at).toBeGreaterThan(clock.now() - 5);
        }
        expect(wheel.size).toBe(due.size);
      }
    }),
  );
});
