import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { type RealEtcd, startRealEtcd } from './real-etcd.ts';

export interface RealClusterOptions {
  /** Members. Defaults to 3. */
  readonly size?: number;
}

/** How long an election may take before something is wrong. */
const electionLimitMs = 20_000;

/** Starts a cluster of etcd processes, and waits until it has a leader and answers. */
export async function startRealCluster({ size = 3 }: RealClusterOptions = {}): Promise<RealCluster> {
  const peers = await Promise.all(Array.from({ length: size }, async () => `http://127.0.0.1:${await freePort()}`));
  const initial = peers.map((peer, index) => `member${index}=${peer}`).join(',');
  const starting = peers.map((peer, index) =>
    startRealEtcd({
      // Of flags that are given twice the last one counts.
      args: [
        `--name=member${index}`,
        `--initial-cluster=${initial}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
      ],
    }),
  );
  const started = await Promise.allSettled(starting);
  const members = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const cluster = new RealCluster(members);
  for (const one of started) {
    if (one.status === 'fulfilled') continue;
    await cluster.close();
    throw one.reason;
  }
  return cluster;
}

/** A cluster of etcd processes. */
export class RealCluster implements AsyncDisposable {
  readonly members: readonly RealEtcd[];

  /** Use {@link startRealCluster}. */
  constructor(members: readonly RealEtcd[]) {
    this.members = members;
  }

  /** The member that leads, as those say that answer; waits while an election goes on. */
  async leader(): Promise<RealEtcd> {
    for (const deadline = performance.now() + electionLimitMs; performance.now() < deadline;) {
      for (const member of this.members) {
        const { id, leader } = (await statusOf(member)) ?? {};
        if (id !== undefined && id === leader) return member;
      }
      await sleep(50);
    }
    throw new Error('The cluster has no leader');
  }

  /** The members that do not lead. */
  async followers(): Promise<RealEtcd[]> {
    const leader = await this.leader();
    return this.members.filter((member) => member !== leader);
  }

  /** Kills all members, and deletes their data. */
  async close(): Promise<void> {
    await Promise.all(this.members.map(async (member) => member.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A member's own id, and the one that it takes for its leader's; `undefined` when it does not answer. */
async function statusOf({ hosts }: RealEtcd): Promise<{ id: string; leader: string } | undefined> {
  try {
    const response = await fetch(`${hosts}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(1000),
    });
    const { header, leader }: { header: { member_id: string }; leader: string } = Object(await response.json());
    return { id: header.member_id, leader };
  } catch {
    return undefined;
  }
}
