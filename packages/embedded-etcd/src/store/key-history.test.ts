import { describe, expect, test } from 'vitest';
import { KeyHistory } from './key-history.ts';
import { type KeyValue, noLease } from './key-value.ts';

function putAt(modRevision: number): KeyValue {
  const key = Buffer.from('a');
  return { key, value: key, createRevision: modRevision, modRevision, version: 1, lease: noLease };
}

/** Put at 2 and 4, deleted at 6, put again at 8. */
function history(): KeyHistory {
  const steps = new KeyHistory();
  steps.record(2, putAt(2));
  steps.record(4, putAt(4));
  steps.record(6, undefined);
  steps.record(8, putAt(8));
  return steps;
}

describe('the history of a key', () => {
  test.each([
    [1, undefined],
    [2, 2],
    [3, 2],
    [5, 4],
    [6, undefined],
    [7, undefined],
    [8, 8],
    [99, 8],
  ])('is at %d what was put at %s', (revision, put) => {
    expect(history().at(revision)?.modRevision).toBe(put);
  });

  test('keeps on compaction what a read still sees, and is empty once that is nothing', () => {
    const deleted = new KeyHistory();
    deleted.record(2, putAt(2));
    deleted.record(4, undefined);
    expect(deleted.compact(3)).toBe(false);
    expect(deleted.at(3)?.modRevision).toBe(2);
    expect(deleted.compact(4)).toBe(true);
  });

  test('is empty once rewound to before the first put', () => {
    const steps = history();
    expect(steps.rewind(5)).toBe(false);
    expect(steps.latest?.modRevision).toBe(4);
    expect(steps.rewind(1)).toBe(true);
  });
});
