/** One client: a pool of its own, what it waits for, and what it may spend on retries. */
import { Backoff, HedgeDelay, PeerPool, type Random, RetryBudget } from '@lb/core';

import type { Contender, World } from '../contender.ts';
import type { ClientsModel } from '../model.ts';
import { stream } from '../chance/stream.ts';
import { Ring } from './ring.ts';

export class Client {
  readonly index: number;
  readonly pool: PeerPool;
  /** Requests that wait until a peer can take them. */
  readonly pending: Ring = new Ring();
  readonly budget: RetryBudget | undefined;
  readonly backoff: Backoff;
  readonly hedge: HedgeDelay | undefined;
  readonly arrivals: Random;
  readonly luck: Random;
  readonly retries: Random;
  readonly network: Random;
  /** Whether a look at `pending` is scheduled. */
  waking = false;

  constructor(index: number, model: ClientsModel, contender: Contender, world: World, seed: number) {
    this.index = index;
    this.arrivals = stream(seed, 'arrivals', index);
    this.luck = stream(seed, 'service', index);
    this.retries = stream(seed, 'retries', index);
    this.network = stream(seed, 'network', index);
    this.pool = new PeerPool({
      ...contender.pool,
      policy: contender.createPolicy(world),
      random: stream(seed, 'policy', index),
    });
    this.budget =
      (model.maxAttempts ?? 1) > 1 || model.hedge !== undefined ? new RetryBudget(model.retryBudget) : undefined;
    this.backoff = new Backoff(model.backoff);
    this.hedge = model.hedge === undefined ? undefined : new HedgeDelay(model.hedge);
  }
}
