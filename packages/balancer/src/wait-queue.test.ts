import { InFlight, Peer } from '@lb/core';
import { expect, it } from 'vitest';

import { TestClock } from '../test/support/test-clock.ts';
import { TimerWheel } from './time/timer-wheel.ts';
import { type Ticket, type Waiter, WaitQueue } from './wait-queue.ts';

const peer = new Peer({ id: 'p', origin: 'http://p', state: 'serving', metadata: {} }, new InFlight());

/** A queue whose waiters find a peer while there is room for them. */
function setUp(limit = 10) {
  const clock = new TestClock();
  const queue = new WaitQueue(limit, new TimerWheel(clock));
  const room = { any: 0, tagged: 0 };
  const resumed: string[] = [];
  const wait = (name: string, options: { takesAny?: boolean; onResume?: () => void } = {}): Ticket | undefined => {
    const { takesAny = true, onResume } = options;
    const waiter: Waiter = {
      takesAny,
      pick: () => ((takesAny ? room.any : room.tagged) > 0 ? peer : undefined),
      resume: () => {
        room[takesAny ? 'any' : 'tagged'] -= 1;
        resumed.push(name);
        onResume?.();
      },
      reconsider: () => {},
    };
    return queue.add(waiter, clock.now());
  };
  return { clock, queue, room, resumed, wait };
}

it('lets those go on first that have waited longest, as many as there is room for', () => {
  const { clock, queue, room, resumed, wait } = setUp();
  for (const name of ['a', 'b', 'c']) wait(name);
  queue.serve(clock.now());
  expect([resumed, queue.size, queue.goesFirst]).toEqual([[], 3, true]);
  room.any = 2;
  queue.serve(clock.now());
  expect([resumed, queue.size]).toEqual([['a', 'b'], 1]);
});

it('takes in no more than its limit', () => {
  const { queue, wait } = setUp(2);
  expect([wait('a'), wait('b'), wait('c')]).toEqual([expect.anything(), expect.anything(), undefined]);
  expect(queue.size).toBe(2);
});

it('lets others pass one that waits for certain peers, and not the other way round', () => {
  const { clock, queue, room, resumed, wait } = setUp();
  wait('canary', { takesAny: false });
  expect(queue.goesFirst).toBe(false);
  wait('any');
  room.any = 1;
  queue.serve(clock.now());
  expect(resumed).toEqual(['any']);
  room.tagged = 1;
  queue.serve(clock.now());
  expect(resumed).toEqual(['any', 'canary']);
});

it('forgets whoever leaves, and does not mind who leaves twice', () => {
  const { clock, queue, room, resumed, wait } = setUp();
  const [first] = [wait('a'), wait('b')];
  queue.remove(first!);
  queue.remove(first!);
  room.any = 5;
  queue.serve(clock.now());
  expect([resumed, queue.size, queue.goesFirst]).toEqual([['b'], 0, false]);
});

it('looks again when one that goes on makes room at once, or takes others along', () => {
  const { clock, queue, room, resumed, wait } = setUp();
  const tickets: (Ticket | undefined)[] = [];
  wait('a', {
    onResume: () => {
      room.any += 1;
      queue.remove(tickets[0]!);
      queue.serve(clock.now());
    },
  });
  tickets.push(wait('b'));
  wait('c');
  room.any = 1;
  queue.serve(clock.now());
  expect([resumed, queue.size]).toEqual([['a', 'c'], 0]);
});

it('looks by itself from time to time while somebody waits, and sets no timer else', () => {
  const { clock, queue, room, resumed, wait } = setUp();
  wait('a');
  room.any = 1;
  clock.advance(60);
  expect(resumed).toEqual(['a']);
  clock.advance(1000);
  expect([queue.size, clock.pending]).toEqual([0, 0]);
});
