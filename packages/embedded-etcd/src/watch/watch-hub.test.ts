import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change } from '../store/event-log.ts';
import { includes, type KeyRange, singleKey } from '../store/key-range.ts';
import { WatchHub } from './watch-hub.ts';

function deletionOf(key: string): Change {
  return { key, revision: 2, kv: undefined };
}

test('tells each watcher of the changes in its range, in order, and nobody else', () => {
  const key = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '-'), minLength: 1, maxLength: 3 });
  const range: fc.Arbitrary<KeyRange> = fc.oneof(
    key.map(singleKey),
    fc.record({ start: key, end: fc.option(key, { nil: undefined }) }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ range, leaves: fc.boolean() }), { maxLength: 12 }),
      fc.array(key, { maxLength: 6 }),
      (watchers, keys) => {
        const hub = new WatchHub();
        const told = watchers.map(() => [] as string[]);
        const leave = watchers.map((watcher, index) =>
          hub.add(watcher.range, (_revision, changes) => told[index]!.push(...changes.map((change) => change.key))),
        );
        for (const [index, { leaves }] of watchers.entries()) if (leaves) leave[index]!();

        hub.publish(2, keys.map(deletionOf));

        const expected = watchers.map((watcher) =>
          watcher.leaves ? [] : keys.filter((changed) => includes(watcher.range, changed)),
        );
        expect(told).toEqual(expected);
      },
    ),
    { numRuns: 200 },
  );
});

test('tells a watcher no more once another has made it leave', () => {
  const hub = new WatchHub();
  const told: string[] = [];
  const leaves: (() => void)[] = [];
  for (const name of ['first', 'second']) {
    leaves.push(
      hub.add(singleKey('a'), () => {
        told.push(name);
        for (const leave of leaves) leave();
      }),
    );
  }
  hub.publish(2, [deletionOf('a')]);
  expect(told).toEqual(['first']);
});
