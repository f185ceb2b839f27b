import type { Peer, PeerPool, Random, RetryBudget } from '@lb/core';

import type { Hedging } from '../hedging.ts';
import type { TimerWheel } from '../time/timer-wheel.ts';
import type { Connection } from '../transport/transport.ts';
import type { WaitQueue } from '../wait-queue.ts';
import type { ResponseHeaders } from './caller.ts';

/** What all requests of a balancer share. */
export interface CallEnvironment {
  readonly service: string;
  readonly pool: PeerPool;
  /** The connections to a peer; only those that speak HTTP/1.1 for a caller that cannot do with others. */
  readonly connect: (peer: Peer, http1Only: boolean) => Connection;
  readonly queue: WaitQueue;
  readonly budget: RetryBudget;
  readonly hedging: Hedging | undefined;
  readonly wheel: TimerWheel;
  readonly counters: CallCounters;
  readonly now: () => number;
  readonly random: Random;
  /** Whether there has been a snapshot, or it has been waited for long enough. */
  readonly isReady: () => boolean;
  /** An answer has begun: what its headers say of the peer. */
  readonly onHeaders: (peer: Peer, headers: ResponseHeaders, now: number) => void;
}

export interface CallCounters {
  /** Attempts begun while too few peers were available, and all were picked from. */
  panicPicks: number;
}
