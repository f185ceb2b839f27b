import type {
  ICompare,
  IDeleteRangeRequest,
  IPutRequest,
  IRangeRequest,
  IRequestOp,
  ITxnRequest,
  IWatchCreateRequest,
} from 'etcd3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Context, everything, type TestServer } from './contract/context.ts';
import { moved, shown } from './contract/histories.ts';
import { failureOf, type Methods } from './contract/raw-client.ts';
import { onBoth } from './contract/on-both.ts';

/** How many random histories to compare: `DIFFERENTIAL_RUNS=5000 npm run test:integration -- differential` for a long look. */
const runs = Number(process.env['DIFFERENTIAL_RUNS'] ?? 100);

/** A call. Its revisions are counted from the start of the history; 0 and below are none. */
type Step = { readonly [M in keyof Methods]: { readonly method: M; readonly request: Methods[M][0] } }[
  | 'KV/Range'
  | 'KV/Put'
  | 'KV/DeleteRange'
  | 'KV/Txn'
  | 'KV/Compact'
  | 'Lease/LeaseGrant'
  | 'Lease/LeaseRevoke'
  | 'Lease/LeaseTimeToLive'];

// Few and short keys, so that steps meet: more than twelve would show that Go's sort is not stable.
const key = fc.constantFrom('a', 'b', 'ba', 'bb', 'c', '\0', '\xff').map((text) => Buffer.from(text, 'latin1'));
const rangeEnd = fc.constantFrom('', '\0', 'b', 'c', 'bb', 'a').map((text) => Buffer.from(text, 'latin1'));
const value = fc.constantFrom('', 'x', 'y', '\xff').map((text) => Buffer.from(text, 'latin1'));
const lease = fc.constantFrom(0, 0, 7, 8, 9);
const revision = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: -1, max: 12 }) },
);

// Fields are there or not, as clients send them.
const range: fc.Arbitrary<IRangeRequest> = fc.record(
  {
    key,
    range_end: rangeEnd,
    limit: fc.integer({ min: -1, max: 3 }),
    revision,
    sort_order: fc.constantFrom('None', 'Ascend', 'Descend'),
    sort_target: fc.constantFrom('Key', 'Version', 'Create', 'Mod', 'Value'),
    serializable: fc.boolean(),
    keys_only: fc.boolean(),
    count_only: fc.boolean(),
    min_mod_revision: revision,
    max_mod_revision: revision,
    min_create_revision: revision,
    max_create_revision: revision,
  },
  { requiredKeys: ['key'] },
);
const put: fc.Arbitrary<IPutRequest> = fc.record(
  { key, value, lease, prev_kv: fc.boolean(), ignore_value: fc.boolean(), ignore_lease: fc.boolean() },
  { requiredKeys: ['key'] },
);
const remove: fc.Arbitrary<IDeleteRangeRequest> = fc.record(
  { key, range_end: rangeEnd, prev_kv: fc.boolean() },
  { requiredKeys: ['key'] },
);
const target: fc.Arbitrary<ICompare> = fc.oneof(
  fc.record({ target: fc.constant('Version' as const), version: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ target: fc.constant('Create' as const), create_revision: revision }),
  fc.record({ target: fc.constant('Mod' as const), mod_revision: revision }),
  fc.record({ target: fc.constant('Value' as const), value }),
  fc.record({ target: fc.constant('Lease' as const), lease }),
);
const compared: fc.Arbitrary<ICompare> = fc.record(
  { key, range_end: rangeEnd, result: fc.constantFrom('Equal', 'Greater', 'Less', 'NotEqual') },
  { requiredKeys: ['key'] },
);
const compare = fc.tuple(compared, target).map(([left, right]): ICompare => ({ ...left, ...right }));

const { txn } = fc.letrec<{ txn: ITxnRequest; operation: IRequestOp }>((tie) => ({
  txn: fc.record({
    compare: fc.array(compare, { maxLength: 2 }),
    success: fc.array(tie('operation'), { maxLength: 4 }),
    failure: fc.array(tie('operation'), { maxLength: 2 }),
  }),
  operation: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    put.map((request_put): IRequestOp => ({ request_put })),
    range.map((request_range): IRequestOp => ({ request_range })),
    remove.map((request_delete_range): IRequestOp => ({ request_delete_range })),
    tie('txn').map((request_txn): IRequestOp => ({ request_txn })),
  ),
}));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: put.map((request) => ({ method: 'KV/Put' as const, request })) },
  { weight: 3, arbitrary: range.map((request) => ({ method: 'KV/Range' as const, request })) },
  { weight: 2, arbitrary: remove.map((request) => ({ method: 'KV/DeleteRange' as const, request })) },
  { weight: 5, arbitrary: txn.map((request) => ({ method: 'KV/Txn' as const, request })) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 8 })
      .map((at) => ({ method: 'KV/Compact' as const, request: { revision: at, physical: true } })),
  },
  { weight: 1, arbitrary: lease.map((ID) => ({ method: 'Lease/LeaseRevoke' as const, request: { ID } })) },
  {
    weight: 1,
    arbitrary: lease.map((ID) => ({ method: 'Lease/LeaseTimeToLive' as const, request: { ID, keys: true } })),
  },
);

const watch: fc.Arbitrary<IWatchCreateRequest> = fc.record(
  {
    key,
    range_end: rangeEnd,
    filters: fc.subarray(['Noput', 'Nodelete'] as const, { maxLength: 1 }),
    prev_kv: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** Leases that the steps may use; a fourth, 9, is never there. */
const leases = [7, 8];

async function play(
  server: TestServer,
  steps: readonly Step[],
  watches: readonly IWatchCreateRequest[],
): Promise<unknown[]> {
  const context = new Context(server);
  try {
    await context.begin();
    const base = context.revision(0);
    const seen: unknown[] = [];
    for (const ID of leases) await context.grant(600, ID);
    for (const { method, request } of steps) {
      const call = context.call(method, moved(request, base));
      const failure = await failureOf(call);
      seen.push(failure === 'no failure' ? shown(await call, base) : failure);
    }
    seen.push(shown(await context.call('KV/Range', everything), base));
    for (const request of watches) seen.push(await replay(context, request, base));
    return seen;
  } finally {
    context.end();
  }
}

/** All events that a watch is told which starts at the oldest revision it may. A put and a deletion of its first key end them. */
async function replay(context: Context, request: IWatchCreateRequest, base: number): Promise<unknown> {
  const { compact_revision } = await context.call('Maintenance/HashKV', {});
  const start_revision = Math.max(Number(compact_revision), base + 1);
  const stream = context.stream('Watch/Watch');
  stream.write({ create_request: { ...request, start_revision } });
  const created = await stream.next();
  if (created.canceled) return shown(created, base);
  const first = (request.key ?? Buffer.from([0])).toString('latin1');
  const lastPut = context.revision(await context.put(first));
  const last = request.filters?.includes('Nodelete') === true ? lastPut : lastPut + 1;
  await context.delete(first);
  const events: unknown[] = [];
  for (;;) {
    for (const event of (await stream.next()).events) {
      events.push(shown(event, base));
      if (event.kv.mod_revision === String(last)) return events;
    }
  }
}

onBoth('a random history has the same answers here and on a real etcd', (servers) => {
  test(
    `${runs} histories of up to 25 steps`,
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 25, size: 'max' }),
          fc.array(watch, { maxLength: 2 }),
          async (steps, watches) => {
            const [embedded, real] = await Promise.all(servers.map((server) => play(server, steps, watches)));
            expect(embedded).toEqual(real);
          },
        ),
        { numRuns: runs },
      );
    },
    60_000 + runs * 500,
  );
});
