/** A lease that was granted to us. */
export interface Lease {
  readonly id: string;
  /** As granted, which may be more than was asked for. */
  readonly ttlMs: number;
  /** When the grant was sent: the lease is certain to live until this plus the TTL. */
  readonly grantedAt: number;
  /** Of the store when it was granted. */
  readonly revision: bigint;
}
