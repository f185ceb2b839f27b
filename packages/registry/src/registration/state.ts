import type { IdTakenError } from '../errors.ts';

/** Where a registration stands; `docs/operations.md` says what to do about each. */
export type RegistrationState =
  /** Not in etcd yet, or not any more: then `lost` says why. `attempt` counts from 1. */
  | {
      readonly kind: 'registering';
      readonly attempt: number;
      readonly error: Error | undefined;
      readonly lost: LossCause | undefined;
    }
  /** In etcd, written at `revision`, under a lease that is certain to live. */
  | { readonly kind: 'registered'; readonly leaseId: string; readonly revision: number }
  /** Not renewed for a TTL: others may no longer see us. It may live, so it is still renewed. */
  | {
      readonly kind: 'uncertain';
      readonly leaseId: string;
      readonly revision: number;
      readonly error: Error | undefined;
    }
  /** Another process holds the id. Tried again each TTL. */
  | { readonly kind: 'taken'; readonly error: IdTakenError }
  | { readonly kind: 'closed' };

/** How a lease came to be lost, as far as can be told from here. It decides how soon to come back: alone, or with everybody. */
export type LossCause =
  /** Somebody or something ended this lease, while etcd was well. */
  | 'revoked'
  /** This process did not ask for renewal for a TTL: it stood still. */
  | 'paused'
  /** etcd did not answer for a TTL, or has lost its data: all leases are gone. */
  | 'outage';
