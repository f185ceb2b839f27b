import fc from 'fast-check';
import { expect, it } from 'vitest';

import { EventQueue } from './event-queue.ts';

/** Pushes and pops against an array that is kept sorted: slow, and plain to see. */
it('gives events back by time, and equal ones in the order they came', () => {
  const step = fc.oneof(
    fc.record({ push: fc.constant(true), time: fc.integer({ min: 0, max: 20 }), late: fc.boolean() }),
    fc.record({ push: fc.constant(false), time: fc.constant(0), late: fc.constant(false) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000, size: 'max' }), (steps) => {
      const queue = new EventQueue();
      const model: { time: number; id: number }[] = [];
      for (const [id, { push, time, late }] of steps.entries()) {
        if (push) {
          queue.push(late ? time + 0.5 : time, id & 15, id, id + 1);
          model.push({ time: late ? time + 0.5 : time, id });
          // A stable sort keeps equal times in the order they came.
          model.sort((a, b) => a.time - b.time);
        } else {
          const expected = model.shift();
          expect(queue.next()).toBe(expected !== undefined);
          if (expected !== undefined) {
            const { time: at, kind, subject, version } = queue;
            expect({ at, kind, subject, version }).toEqual({
              at: expected.time,
              kind: expected.id & 15,
              subject: expected.id,
              version: expected.id + 1,
            });
          }
        }
        expect(queue.size).toBe(model.length);
        expect(queue.nextTime).toBe(model[0]?.time ?? Infinity);
      }
    }),
    { numRuns: 60 },
  );
});

it('grows without losing anything', () => {
  const queue = new EventQueue();
  for (let index = 5000; index > 0; index -= 1) queue.push(index % 777, 1, index, 0);
  let last = -1;
  let seen = 0;
  while (queue.next()) {
    expect(queue.time).toBeGreaterThanOrEqual(last);
    expect(queue.subject % 777).toBe(queue.time);
    last = queue.time;
    seen += 1;
  }
  expect(seen).toBe(5000);
});
