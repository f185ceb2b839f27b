/** What a consumer pays for the size of a service, in processor time: for a snapshot, for a pick, and in memory. */
import { type Endpoint, PeerPool, policies, randomSubset, seededRandom } from '@lb/core';
import { median } from '@lb/testkit';

export interface ConsumerCosts {
  readonly endpoints: number;
  /** Endpoints that requests go to: all, or a subset. */
  readonly used: number;
  /** The first snapshot, in milliseconds. */
  readonly firstMs: number;
  /** A snapshot in which one endpoint has changed, in milliseconds: the median of twenty. */
  readonly changeMs: number;
  /** A pick, with what follows until its attempt has ended, in nanoseconds. */
  readonly pickNs: number;
  /** Of the heap, in bytes for each endpoint; not told for so few that the engine's own coming and going is more. */
  readonly bytesPerEndpoint: number | undefined;
}

const picks = 200_000;

export function measureConsumerCosts(endpoints: number, subset: number | undefined): ConsumerCosts {
  const random = seededRandom(1);
  const list = Array.from({ length: endpoints }, (_, index) => endpointOf(index, 1));
  const before = heap();
  const pool = new PeerPool({
    policy: policies.p2cLatency(),
    random,
    ...(subset !== undefined && { subset: randomSubset({ size: subset, seed: 1 }) }),
  });
  const firstMs = timed(() => pool.update({ revision: 1, endpoints: list }, 0));
  const bytes = heap() - before;
  const changes = Array.from({ length: 20 }, (_, time) => {
    const changed = list.with(time % endpoints, endpointOf(time % endpoints, 2 + time));
    return timed(() => pool.update({ revision: 2 + time, endpoints: changed }, 1));
  });
  let now = 10;
  const pickMs = timed(() => {
    for (let time = 0; time < picks; time += 1) {
      now += 0.1;
      const peer = pool.pickOrThrow({ now });
      pool.begin(peer, now).end({ kind: 'success' }, now + 5);
    }
  });
  return {
    endpoints,
    used: Math.min(endpoints, subset ?? endpoints),
    firstMs,
    changeMs: median(changes),
    pickNs: (pickMs / picks) * 1e6,
    bytesPerEndpoint: endpoints < 1000 ? undefined : bytes / endpoints,
  };
}

function endpointOf(index: number, weight: number): Endpoint {
  return { id: `provider-${index}`, origin: `http://10.0.0.1:${index}`, weight, state: 'serving', metadata: {} };
}

/** Milliseconds of processor time, which hardly depends on what else the machine does. */
function timed(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
