/**
 * What each thing that we ask of etcd costs it, in processor time of the etcd process. Unlike times it hardly depends on what else the
 * machine does, and costs of processor time add up. etcd counts in steps of 10 ms, so each figure is of many operations.
 */
import type { Endpoint } from '@lb/core';
import { discover, etcdNaming } from '@lb/registry';
import { startRealEtcd } from '@lb/testkit';
import { Etcd3 } from 'etcd3';

/** Microseconds of processor time of etcd for one of each. */
export interface EtcdCosts {
  /** A lease kept alive. */
  readonly renewalUs: number;
  /** A change of a registration, nobody watching. */
  readonly changeUs: number;
  /** A change told to one watcher. */
  readonly deliveryUs: number;
  /** A registration in a list. */
  readonly listedUs: number;
  /** A registration looked at when a consumer compares what it holds with what is there. */
  readonly comparedUs: number;
  /** Bytes that etcd sends to one watcher for one change. */
  readonly deliveryBytes: number;
}

export interface EtcdCostSizes {
  readonly endpoints: number;
  readonly watchers: number;
  readonly changes: number;
  readonly renewals: number;
}

const service = 'scale';
const codec = etcdNaming();

export async function measureEtcdCosts(sizes: EtcdCostSizes): Promise<EtcdCosts> {
  await using etcd = await startRealEtcd();
  const client = new Etcd3({ hosts: etcd.hosts });
  const put = async (index: number, weight: number): Promise<void> => {
    const endpoint = endpointOf(index, weight);
    await client.put(codec.key(service, endpoint.id)).value(codec.encode(service, endpoint) ?? '');
  };
  const cost = async (work: () => Promise<unknown>): Promise<{ us: number; bytes: number }> => {
    const [cpu, sent] = ['process_cpu_seconds_total', 'etcd_network_client_grpc_sent_bytes_total'];
    const before = { cpu: await etcd.metric(cpu), sent: await etcd.metric(sent) };
    await work();
    const after = { cpu: await etcd.metric(cpu), sent: await etcd.metric(sent) };
    return { us: (after.cpu - before.cpu) * 1e6, bytes: after.sent - before.sent };
  };
  try {
    const changing = await cost(() => inParallel(sizes.endpoints, 32, (index) => put(index, 1)));

    const lists = 10;
    const listing = await cost(async () => {
      for (let time = 0; time < lists; time += 1) {
        await using found = discover({ hosts: etcd.hosts, service, overrides: false });
        await found.connect();
      }
    });
    const comparisons = 40;
    const prefix = Buffer.from(codec.prefix(service));
    const end = Buffer.from(codec.prefix(service).replace(/\/$/, '0'));
    const comparing = await cost(async () => {
      for (let time = 0; time < comparisons; time += 1) {
        await client.kv.range({
          key: prefix,
          range_end: end,
          limit: 1,
          keys_only: true,
          sort_order: 'Descend',
          sort_target: 'Mod',
        });
      }
    });

    const found = Array.from({ length: sizes.watchers }, () =>
      discover({ hosts: etcd.hosts, service, overrides: false }),
    );
    await Promise.all(found.map((discovery) => discovery.connect()));
    const last = sizes.changes;
    const delivering = await cost(async () => {
      for (let weight = 2; weight <= last + 1; weight += 1) await put(0, weight);
      await Promise.all(found.map((discovery) => untilWeight(discovery, last + 1)));
    });
    await Promise.all(found.map((discovery) => discovery.close()));

    const renewing = await cost(() => renew(client, sizes.renewals));
    const changeUs = changing.us / sizes.endpoints;
    return {
      renewalUs: renewing.us / sizes.renewals,
      changeUs,
      deliveryUs: Math.max(0, delivering.us / sizes.changes - changeUs) / sizes.watchers,
      listedUs: listing.us / (lists * sizes.endpoints),
      comparedUs: comparing.us / (comparisons * sizes.endpoints),
      deliveryBytes: delivering.bytes / (sizes.changes * sizes.watchers),
    };
  } finally {
    client.close();
  }
}

/** As a service of ours registers: about 250 bytes. */
function endpointOf(index: number, weight: number): Endpoint {
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  return {
    id: `provider-${index.toString(36).padStart(8, '0')}`,
    origin: `http://${address}:8080`,
    weight,
    zone: `zone-${index % 3}`,
    startedAt: 1_700_000_000_000 + index,
    state: 'serving',
    metadata: { version: '1.2.3' },
  };
}

async function untilWeight(discovery: ReturnType<typeof discover>, weight: number): Promise<void> {
  for await (const { endpoints } of discovery) {
    if (endpoints.some((endpoint) => endpoint.weight === weight)) return;
  }
}

/** Renews one lease again and again, over one stream, as a registration does. */
async function renew(client: Etcd3, times: number): Promise<void> {
  const { ID } = await client.leaseClient.leaseGrant({ TTL: 60 });
  const stream = await client.leaseClient.leaseKeepAlive();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let answered = 0;
  stream.on('error', reject);
  stream.on('data', () => {
    answered += 1;
    if (answered === times) resolve();
    else stream.write({ ID });
  });
  stream.write({ ID });
  await promise;
  stream.cancel();
}

async function inParallel(count: number, workers: number, run: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await run(index);
  };
  await Promise.all(Array.from({ length: workers }, work));
}
