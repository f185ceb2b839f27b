/**
 * Renews one lease until it is gone or we are done.
 *
 * A renewal that is not answered within a third of the TTL (2 s at most) is sent again on a new stream to another member: a
 * member that hangs keeps its connections, and waiting a whole TTL for it loses the lease with healthy members at hand.
 * Between the last answer plus the TTL and etcd's word that the lease is gone nobody knows: etcd gives each lease a full TTL again
 * when it restarts, so an unreachable etcd is no reason to give the lease up.
 */
import { Backoff } from '../backoff.ts';
import { type Clock, sleep } from '../clock.ts';
import { EtcdError } from '../errors.ts';
import type { EtcdClient } from '../etcd/etcd-client.ts';
import type { Lease } from './lease.ts';
import { type Renewal, Renewals } from './renewals.ts';
import type { LossCause } from './state.ts';

export interface KeepAliveOptions {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** A renewal was answered. */
  readonly onRenewed: () => void;
  /** The lease is no longer certain to live: a TTL has passed since the last renewal that was answered. */
  readonly onUncertain: (error: Error | undefined) => void;
}

export type KeepAliveEnd = LeaseGone | { readonly kind: 'closed' };

export type LeaseGone =
  | { readonly kind: 'gone'; readonly cause: Exclude<LossCause, 'outage'> }
  | {
      readonly kind: 'gone';
      readonly cause: Extract<LossCause, 'outage'>;
      /** Revision of the store at which the lease lived; `undefined` when that store is lost, too. */
      readonly livedAt: bigint | undefined;
    };

/** Never rejects. */
export async function keepAlive(lease: Lease, options: KeepAliveOptions): Promise<KeepAliveEnd> {
  const { client, clock, random, signal, onRenewed, onUncertain } = options;
  const backoff = new Backoff({ baseMs: 100, capMs: Math.min(2000, lease.ttlMs / 3) }, random);
  const timeoutMs = Math.min(lease.ttlMs / 3, 2000);
  const renewals = new Renewals({ client, clock, signal, leaseId: lease.id, timeoutMs });
  let certainUntil = lease.grantedAt + lease.ttlMs;
  let triedAt = lease.grantedAt;
  let { revision } = lease;
  let failure: Error | undefined;
  const fenceOff = (): (() => void) =>
    clock.schedule(() => onUncertain(failure), Math.max(0, certainUntil - clock.now()));
  let liftFence = fenceOff();
  try {
    for (;;) {
      const sentAt = clock.now();
      const renewal = await renewals.renew();
      if (signal.aborted) return { kind: 'closed' };
      if (renewal instanceof Error) {
        failure = renewal;
        triedAt = sentAt;
        const isAway = renewal instanceof EtcdError && renewal.code === 'ERR_ETCD_UNAVAILABLE';
        await sleep(clock, isAway ? backoff.nextAfter(clock.now() - sentAt) : backoff.next(), signal);
        continue;
      }
      if (!renewal.alive) {
        return goneBy(renewal, { sentAt, triedAt, certainUntil, revision, ttlMs: lease.ttlMs });
      }
      failure = undefined;
      triedAt = sentAt;
      revision = renewal.revision;
      certainUntil = sentAt + lease.ttlMs;
      liftFence();
      liftFence = fenceOff();
      backoff.reset();
      onRenewed();
      // A little early rather than late, and not in step with whoever registered at the same moment.
      const interval = (lease.ttlMs / 3) * (0.85 + 0.15 * random());
      await sleep(clock, sentAt + interval - clock.now(), signal);
    }
  } finally {
    liftFence();
    renewals.close();
  }
}

/** What is known when etcd says that the lease is gone. */
interface Circumstances {
  /** When the renewal that told us was sent, and the one before it, answered or not. */
  readonly sentAt: number;
  readonly triedAt: number;
  readonly certainUntil: number;
  /** The last that we heard of. */
  readonly revision: bigint;
  readonly ttlMs: number;
}

function goneBy(renewal: Renewal, { sentAt, triedAt, certainUntil, revision, ttlMs }: Circumstances): LeaseGone {
  const kind = 'gone';
  if (renewal.revision < revision) return { kind, cause: 'outage', livedAt: undefined };
  if (sentAt - triedAt >= ttlMs) return { kind, cause: 'paused' };
  return sentAt > certainUntil ? { kind, cause: 'outage', livedAt: revision } : { kind, cause: 'revoked' };
}
