import type { Tier } from './availability.ts';
import { InvalidOptionError } from './errors.ts';
import type { Endpoint } from './endpoint.ts';
import type { Ejection } from './health/ejection.ts';
import type { EjectionOptions } from './health/ejector.ts';
import type { SlowStartOptions } from './health/slow-start.ts';
import type { Limiter } from './limit/limiter.ts';
import { checkNumber } from './options.ts';
import type { Peer } from './peer.ts';
import type { Policy, Random } from './policy.ts';
import type { Preference } from './preference/preference.ts';
import type { SuspicionOptions } from './roster.ts';
import type { Subset } from './subset/subset.ts';

/**
 * What a pool tells whoever made it, as it happens. Called last, when the pool is consistent again, so that they may call it. What
 * they throw reaches whoever called the pool.
 */
export interface PoolEvents {
  /** A peer was set aside, or its probe has failed and it stays aside for longer. */
  readonly onEject?: ((peer: Peer, ejection: Ejection) => void) | undefined;
  /** A peer that was set aside is back. */
  readonly onRestore?: ((peer: Peer) => void) | undefined;
  /** A suspect was shown to be gone, and has left the pool. */
  readonly onPurge?: ((peer: Peer) => void) | undefined;
  /** Peers are picked from another tier than before, such as `panic`. */
  readonly onTier?: ((tier: Tier, before: Tier) => void) | undefined;
}

export interface PeerPoolOptions extends PoolEvents {
  /** What chooses among the peers. */
  readonly policy: Policy;
  /** Source of chance for picks and jitter: `Math.random`, or `seededRandom(1)` for picks that can be repeated. */
  readonly random: Random;
  /** Name of the service, for error messages. Defaults to `service`. */
  readonly service?: string | undefined;
  /**
   * What the clock of `now` read 0 at, in milliseconds since the Unix epoch: `performance.timeOrigin` when `now` is
   * `performance.now()`. Makes slow start count from an endpoint's own `startedAt`; without it, from when this pool first saw it.
   */
  readonly timeOrigin?: number | undefined;
  /** How peers warm up when they are new, and when they return from an ejection. `false` is not at all. */
  readonly slowStart?: SlowStartOptions | false | undefined;
  /** How failing peers are set aside. `false` is not at all; `eject` then still works. */
  readonly ejection?: EjectionOptions | false | undefined;
  /**
   * Part of the peers, from 0 to 1, below which all that serve are picked from, ejected ones and suspects included. Defaults to
   * 0.5, as in Envoy. 0 keeps to those available while there is one.
   */
  readonly panicShare?: number | undefined;
  /**
   * Whether endpoints that go from the registry in numbers and without explanation stay, as suspects. Off by default: a snapshot
   * from code or a file means what it says. On for a registry of leases.
   */
  readonly suspicion?: SuspicionOptions | boolean | undefined;
  /** Favours peers by zone or priority. Defaults to none. */
  readonly preference?: Preference | undefined;
  /** Which endpoints to use at all. Defaults to all. */
  readonly subset?: Subset | undefined;
  /**
   * Makes what finds out a peer's limit, such as `() => new AimdLimiter()`; is given the peer's endpoint, which may have something
   * to say about it. Defaults to the endpoint's `maxConcurrency` alone.
   */
  readonly limiter?: ((endpoint: Endpoint) => Limiter) | undefined;
}

/** Throws {@link InvalidOptionError} for what no part of the pool checks itself. */
export function checkPoolOptions(options: PeerPoolOptions): void {
  const { policy, random, timeOrigin } = options;
  if (typeof policy?.createPicker !== 'function') throw new InvalidOptionError('policy', 'a Policy', policy);
  if (typeof random !== 'function') throw new InvalidOptionError('random', 'a function', random);
  for (const name of ['limiter', 'subset', 'preference'] as const) {
    const value = options[name];
    if (value !== undefined && typeof value !== 'function') throw new InvalidOptionError(name, 'a function', value);
  }
  if (timeOrigin !== undefined) {
    checkNumber('timeOrigin', timeOrigin, { min: -Number.MAX_VALUE, max: Number.MAX_VALUE });
  }
}
