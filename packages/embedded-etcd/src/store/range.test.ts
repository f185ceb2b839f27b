import fc from 'fast-check';
import { expect, test } from 'vitest';
import { singleKey } from './key-range.ts';
import { type KeyValue, noLease } from './key-value.ts';
import { type RangeQuery, readRange } from './range.ts';
import { Store } from './store.ts';

const everything: RangeQuery = {
  range: { start: '\0', end: undefined },
  revision: 0,
  limit: 0,
  sortTarget: 'key',
  sortOrder: 'none',
  countOnly: false,
  keysOnly: false,
  minModRevision: 0,
  maxModRevision: 0,
  minCreateRevision: 0,
  maxCreateRevision: 0,
};

/** What a query means, one clause after the other, each on the whole list. */
function slowly(all: readonly KeyValue[], query: RangeQuery) {
  const { limit, sortTarget, sortOrder, countOnly, keysOnly } = query;
  const inRange = all.filter(({ key }) => {
    const text = key.toString('latin1');
    return text >= query.range.start && (query.range.end === undefined || text < query.range.end);
  });
  const by = {
    key: ({ key }: KeyValue) => key.toString('hex'),
    value: ({ value }: KeyValue) => value.toString('hex'),
    version: ({ version }: KeyValue) => version,
    create: ({ createRevision }: KeyValue) => createRevision,
    mod: ({ modRevision }: KeyValue) => modRevision,
  }[sortTarget];
  let left = inRange
    .filter(({ modRevision }) => modRevision >= query.minModRevision)
    .filter(({ modRevision }) => query.maxModRevision === 0 || modRevision <= query.maxModRevision)
    .filter(({ createRevision }) => createRevision >= query.minCreateRevision)
    .filter(({ createRevision }) => query.maxCreateRevision === 0 || createRevision <= query.maxCreateRevision);
  const direction = sortOrder === 'descend' ? -1 : 1;
  left = left.toSorted((a, b) => direction * (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0));
  if (countOnly) left = [];
  const more = limit > 0 && left.length > limit;
  if (more) left = left.slice(0, limit);
  const names = left.map(({ key, value }) => `${key.toString()}=${keysOnly ? '' : value.toString()}`);
  return { names, more, count: inRange.length };
}

test('a query gives what its clauses give one after the other', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 2 });
  const revision = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 }));
  const query = fc.record({
    range: fc.oneof(key.map(singleKey), fc.record({ start: key, end: fc.option(key, { nil: undefined }) })),
    revision: fc.constant(0),
    limit: fc.integer({ min: -1, max: 5 }),
    sortTarget: fc.constantFrom('key', 'version', 'create', 'mod', 'value'),
    sortOrder: fc.constantFrom('none', 'ascend', 'descend'),
    countOnly: fc.boolean(),
    keysOnly: fc.boolean(),
    minModRevision: revision,
    maxModRevision: revision,
    minCreateRevision: revision,
    maxCreateRevision: revision,
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.constantFrom('x', 'y')), { maxLength: 20, size: 'max' }),
      query,
      (puts, asked) => {
        const store = new Store();
        for (const [name, value] of puts) store.write((txn) => txn.put(name, Buffer.from(value), noLease));
        const all = [...store.scan(everything.range)];
        const { kvs, more, count } = readRange(store, asked);
        const names = kvs.map(({ key: found, value }) => `${found.toString()}=${value.toString()}`);
        expect({ names, more, count }).toEqual(slowly(all, asked));
      },
    ),
    { numRuns: 500 },
  );
});
