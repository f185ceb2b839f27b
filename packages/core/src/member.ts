import type { Sensor } from './health/detector.ts';
import type { Limiter } from './limit/limiter.ts';
import { limitOf, type Peer } from './peer.ts';

/** What the pool keeps of a peer besides what policies see. Lives as long as the peer. */
export class Member {
  readonly peer: Peer;
  /** Finds out the peer's limit, if the pool is to. */
  readonly limiter: Limiter | undefined;
  /** Part of the endpoint's weight that this client counts: below 1 at the edges of an aperture. */
  share = 1;
  /** When it began to warm up, on the pool's clock; may lie before the pool itself. */
  warmSince: number;
  /** Part of its weight that it gets while others are warmer; 1 when none is. */
  warmth = 1;
  /** Whether it has left the pool. */
  removed = false;
  /** Number of the arrangement of all members that it was last placed in. */
  placed = 0;

  /** What detectors know of it, one sensor for each. Made when the first attempt ends, as most of 10 000 peers are never picked. */
  sensors: readonly Sensor[] | undefined;
  /** Goes up whenever the peer is ejected, probed or restored. An attempt speaks only for the state that it began in. */
  state = 0;
  /** Ejections in a row as of `healthySince`; one less for each while since then. */
  ejections = 0;
  healthySince: number;
  /** How often it was in doubt since it last answered well; 0 when it is not. */
  doubts = 0;
  /** Whether it was given out to be asked, and no attempt has begun yet. */
  asked = false;
  /** When it is to be asked if it is in doubt, and Infinity if not. */
  askAt: number = Infinity;

  constructor(peer: Peer, limiter: Limiter | undefined, warmSince: number, now: number) {
    this.peer = peer;
    this.limiter = limiter;
    this.warmSince = warmSince;
    this.healthySince = now;
  }

  /** Makes the peer's limit what the endpoint allows and the limiter finds. */
  refreshLimit(): void {
    const allowed = limitOf(this.peer.endpoint);
    this.peer.limit = this.limiter === undefined ? allowed : Math.min(allowed, this.limiter.limit);
  }
}
