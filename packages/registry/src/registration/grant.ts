import { randomBytes } from 'node:crypto';

import type { Clock } from '../clock.ts';
import { EtcdError } from '../errors.ts';
import type { CallLimits } from '../etcd/connection.ts';
import type { EtcdClient } from '../etcd/etcd-client.ts';
import type { Lease } from './lease.ts';

/**
 * Gets leases, each under an id of our own choice: a grant whose answer got lost is asked for again under the same id, and "there is
 * one already" then means that we have it. With ids of etcd's choice an etcd that answers too slowly would collect a lease for each
 * try of each client, at the very time when it has too much to do.
 */
export class Grants {
  readonly #client: EtcdClient;
  readonly #clock: Clock;
  readonly #ttlSeconds: number;
  /** Asked for, not known to be granted. */
  #draft: { readonly id: string; readonly askedAt: number } | undefined;

  constructor(client: EtcdClient, clock: Clock, ttlSeconds: number) {
    this.#client = client;
    this.#clock = clock;
    this.#ttlSeconds = ttlSeconds;
  }

  /** Rejects with `EtcdError`. */
  async next(limits: CallLimits): Promise<Lease> {
    const ttlMs = this.#ttlSeconds * 1000;
    const now = this.#clock.now();
    if (this.#draft === undefined || now >= this.#draft.askedAt + ttlMs) {
      this.#draft = { id: randomLeaseId(), askedAt: now };
    }
    const { id, askedAt: grantedAt } = this.#draft;
    const lease = await this.#client
      .call(
        'leaseGrant',
        ({ leaseClient }, options) => leaseClient.leaseGrant({ TTL: this.#ttlSeconds, ID: id }, options),
        limits,
      )
      .then(
        ({ TTL: ttl, header }) => ({ id, ttlMs: Number(ttl) * 1000, grantedAt, revision: BigInt(header.revision) }),
        (error: unknown) => {
          if (!(error instanceof EtcdError) || error.code !== 'ERR_ETCD_LEASE_EXISTS') throw error;
          return { id, ttlMs, grantedAt, revision: 0n };
        },
      );
    this.#draft = undefined;
    return lease;
  }
}

/** A positive number of 63 bits, in decimal. */
function randomLeaseId(): string {
  return String((randomBytes(8).readBigUInt64BE() >> 1n) | 1n);
}
