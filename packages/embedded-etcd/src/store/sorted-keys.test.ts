import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyRange } from './key-range.ts';
import { SortedKeys } from './sorted-keys.ts';

const everything: KeyRange = { start: '', end: undefined };

describe('a set of sorted keys', () => {
  test('holds and walks the same keys as a sorted array does', () => {
    // Few letters make equal keys, keys that begin others and empty ranges likely.
    const key = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\xff'), maxLength: 4 });
    const step = fc.record({ add: fc.boolean(), key });
    const range = fc.record({ start: key, end: fc.option(key, { nil: undefined }) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: 'max' }),
        fc.array(range, { maxLength: 10 }),
        (steps, ranges) => {
          // Chunks of two and three keys: many, and soon empty.
          const keys = new SortedKeys(3);
          const model = new Set<string>();
          for (const { add, key: changed } of steps) {
            if (add && !model.has(changed)) keys.add(changed);
            if (!add) keys.delete(changed);
            if (add) model.add(changed);
            else model.delete(changed);
          }
          expect(keys.size).toBe(model.size);
          for (const { start, end } of [everything, ...ranges]) {
            const expected = [...model].filter((one) => one >= start && (end === undefined || one < end)).toSorted();
            expect([...keys.within({ start, end })]).toEqual(expected);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('keeps its order through many chunks that are filled and emptied again', () => {
    const keys = new SortedKeys();
    const names = Array.from({ length: 5000 }, (_, index) => String((index * 2654435761) % 5003).padStart(4, '0'));
    for (const name of names) keys.add(name);
    expect([...keys.within(everything)]).toEqual(names.toSorted());

    for (const name of names.slice(0, 4000)) keys.delete(name);
    expect([...keys.within(everything)]).toEqual(names.slice(4000).toSorted());
    expect(keys.size).toBe(1000);
  });
});
