/**
 * A consumer in virtual time, for pictures: a real pool picks among providers that are made up, five minutes pass at once, and then it goes on in
 * real time. What it publishes is what a balancer publishes.
 */
import { type Balancer, channels } from '@lb/balancer';
import {
  type Attempt,
  type Endpoint,
  failure,
  type Outcome,
  type Peer,
  PeerPool,
  policies,
  type Policy,
  seededRandom,
  success,
} from '@lb/core';
import type { DiscoveryStatus } from '@lb/registry';

import type { PageClock } from '../../src/page-clock.ts';

export interface FleetOptions {
  readonly endpoints: readonly Endpoint[];
  readonly perSecond: number;
  /** Median latency of each answer. */
  readonly latencyMs: number;
  /** What happens, and when: virtual seconds from the start. */
  readonly story: readonly Chapter[];
}

export interface Chapter {
  readonly atSecond: number;
  readonly happens: (fleet: Fleet) => void;
}

const stepMs = 20;

/** Stands for both the balancer and the discovery that a page shows. */
export class Fleet implements Pick<Balancer, 'pool' | 'stats' | 'usePolicy'> {
  readonly clock: PageClock;
  readonly pool: PeerPool;
  readonly #options: FleetOptions;
  readonly #random = seededRandom(20);
  readonly #ticks = new Set<() => void>();
  /** By provider: dead, or so many times as slow. */
  readonly #ills = new Map<string, 'dead' | number>();
  #pending: { readonly at: number; readonly end: () => void }[] = [];
  #endpoints: readonly Endpoint[];
  #revision = 41;
  #stale: DiscoveryStatus['stale'] = false;
  #now = 1_000_000;
  #due = 0;
  #chapter = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints;
    const service = 'hash';
    this.pool = new PeerPool({
      service,
      policy: policies.p2cLatency(),
      random: this.#random,
      suspicion: true,
      onEject: (peer, ejection) => channels.eject.publish({ service, peer, ejection }),
      onRestore: (peer) => channels.restore.publish({ service, peer }),
      onPurge: (peer) => channels.purge.publish({ service, peer }),
      onTier: (tier, before) => channels.tier.publish({ service, tier, before }),
    });
    const startedAt = Date.now() - 300_000;
    const startedNow = this.#now;
    this.clock = {
      now: () => this.#now,
      wallClock: () => startedAt + this.#now - startedNow,
      everySecond: (tick) => {
        this.#ticks.add(tick);
        return () => this.#ticks.delete(tick);
      },
    };
  }

  usePolicy(policy: Policy): void {
    this.pool.usePolicy(policy, this.#now);
  }

  /** Lists other endpoints from now on. */
  list(change: (endpoints: readonly Endpoint[]) => readonly Endpoint[]): void {
    this.#endpoints = change(this.#endpoints);
    this.#revision += 1;
    this.#update();
  }

  /** Makes the provider called `name` fail, or answer so many times as slowly; `undefined` makes it well. */
  afflict(name: string, ill: 'dead' | number | undefined): void {
    if (ill === undefined) this.#ills.delete(name);
    else this.#ills.set(name, ill);
  }

  loseRegistry(): void {
    this.#stale = 'unreachable';
  }

  /** Lets so many seconds pass. */
  run(seconds: number): void {
    if (this.pool.size === 0) this.#update();
    const end = this.#now + seconds * 1000;
    while (this.#now < end) this.#step();
  }

  #step(): void {
    const { story, perSecond } = this.#options;
    const chapter = story[this.#chapter];
    if (chapter !== undefined && this.#now >= 1_000_000 + chapter.atSecond * 1000) {
      this.#chapter += 1;
      chapter.happens(this);
    }
    const before = this.#now;
    this.#now += stepMs;
    const over = this.#pending.filter(({ at }) => at <= this.#now);
    this.#pending = this.#pending.filter(({ at }) => at > this.#now);
    for (const { end } of over) end();
    // More by day than by night, in a minute or two.
    const rate = perSecond * (1 + 0.18 * Math.sin(this.#now / 24_000) + 0.06 * (this.#random() - 0.5));
    for (this.#due += (rate * stepMs) / 1000; this.#due >= 1; this.#due -= 1) this.#request(1, 0, undefined);
    if (Math.floor(before / 1000) !== Math.floor(this.#now / 1000)) for (const tick of this.#ticks) tick();
  }

  #request(number: number, spentMs: number, exclude: ReadonlySet<Peer> | undefined): void {
    const peer = this.pool.pick({ now: this.#now, exclude });
    if (peer === undefined) return;
    const attempt = this.pool.begin(peer, this.#now);
    const ill = this.#ills.get(peer.endpoint.metadata['name'] ?? '');
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    const latency = this.#options.latencyMs * Math.exp(0.18 * normal) * (typeof ill === 'number' ? ill : 1);
    const outcome = ill === 'dead' ? failure('connect') : this.#random() < 0.0002 ? failure('reset') : success;
    const elapsedMs = ill === 'dead' ? 2 : latency;
    this.#pending.push({
      at: this.#now + elapsedMs,
      end: () => this.#ended(attempt, outcome, elapsedMs, number, spentMs + elapsedMs),
    });
  }

  #ended(attempt: Attempt, outcome: Outcome, elapsedMs: number, number: number, spentMs: number): void {
    const { peer } = attempt;
    attempt.end(outcome, this.#now);
    const { service, policy } = this.pool;
    const request = {
      service,
      policy: policy.name,
      method: 'POST',
      path: '/hash',
      attempts: number,
      peer,
      hedged: false,
      hedgeWon: false,
      statusCode: 200,
      error: undefined,
      aborted: false,
      elapsedMs: spentMs,
    };
    channels.attempt.publish({
      service,
      request,
      peer,
      attempt: number,
      hedge: false,
      outcome,
      statusCode: 200,
      elapsedMs,
    });
    if (outcome.kind === 'success') {
      channels.request.publish(request);
      return;
    }
    channels.retry.publish({ service, request, peer, attempt: number, kind: 'unsent', delayMs: 0, charged: true });
    this.#request(number + 1, spentMs, new Set([peer]));
  }

  #update(): void {
    const change = this.pool.update({ revision: this.#revision, endpoints: this.#endpoints }, this.#now);
    channels.update.publish({ service: this.pool.service, revision: this.#revision, change });
  }

  get stats(): Balancer['stats'] {
    return {
      inFlight: this.#pending.length,
      queued: 0,
      retryBudget: 96,
      retryBudgetShare: 0.96,
      panicPicks: 0,
      stale: false,
    };
  }

  get status(): DiscoveryStatus {
    return {
      service: this.pool.service,
      revision: this.#revision,
      endpoints: this.#endpoints.length,
      stale: this.#stale,
      ageMs: this.#stale === false ? 400 : 41_000,
      epochs: {},
      events: 0,
      repairs: 0,
      invalid: 0,
      keys: this.#endpoints.length,
      unusedKeys: 0,
      unconfirmed: false,
      overrides: undefined,
      host: 'http://127.0.0.1:2379',
    };
  }
}
