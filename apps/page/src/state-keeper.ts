/** What the consumer knows, for people and programs to look at: counts what is published, and reads the rest when asked. */
import { type AttemptMessage, type Balancer, channels, type EjectMessage, type RequestInfo } from '@lb/balancer';
import type { Peer } from '@lb/core';
import type { DiscoveryStatus } from '@lb/registry';

import { nameOf } from './narrator.ts';
import type { PageClock } from './page-clock.ts';
import { type PeerFacts, peerSummary } from './peer-summary.ts';
import { Recent } from './recent.ts';
import { Requests } from './requests.ts';
import { noTraffic, Traffic, windowSeconds } from './traffic.ts';
import type { ActionsState, ConsumerState, RegistryState } from './wire.ts';

/** What the state is read from. */
export interface Watched {
  readonly balancer: Pick<Balancer, 'pool' | 'stats'>;
  readonly discovery: { readonly status: DiscoveryStatus };
  readonly actions: ActionsState;
  readonly clock: Pick<PageClock, 'now' | 'wallClock'>;
}

/** What is remembered of a peer besides what the pool knows. */
interface Notes {
  readonly knownSince: number;
  traffic: Traffic | undefined;
  ejections: number;
  /** When the last of them began. */
  ejectedSince: number | undefined;
}

export class StateKeeper {
  readonly recent = new Recent();
  readonly #watched: Watched;
  readonly #requests = new Requests();
  /** By peer, so that what is gone takes its numbers along. */
  readonly #notes = new WeakMap<Peer, Notes>();
  /** The next second to be added to `recent`. */
  #nextSecond: number;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#nextSecond = Math.floor(watched.clock.now() / 1000);
  }

  /** Counts what is published from now on. Returns what ends it. */
  listen(): () => void {
    const { service } = this.#watched.balancer.pool;
    const ends = [
      channels.attempt.subscribe((message) => {
        if (message.service === service) this.attempted(message);
      }),
      channels.request.subscribe((info) => {
        if (info.service === service) this.requested(info);
      }),
      channels.retry.subscribe((message) => {
        if (message.service === service) this.#requests.retried(this.#watched.clock.now());
      }),
      channels.hedge.subscribe((message) => {
        if (message.service === service) this.#requests.hedged(this.#watched.clock.now());
      }),
      channels.eject.subscribe((message) => {
        if (message.service === service) this.#ejected(message);
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  attempted({ peer, outcome, elapsedMs }: Pick<AttemptMessage, 'peer' | 'outcome' | 'elapsedMs'>): void {
    const notes = this.#of(peer);
    notes.traffic ??= new Traffic();
    notes.traffic.record(elapsedMs, outcome, this.#watched.clock.now());
  }

  requested(info: Pick<RequestInfo, 'aborted' | 'error' | 'statusCode' | 'elapsedMs' | 'hedgeWon'>): void {
    if (info.aborted) return;
    const failed = info.error !== undefined || (info.statusCode ?? 0) >= 500;
    this.#requests.record(info.elapsedMs ?? 0, failed, info.hedgeWon, this.#watched.clock.now());
  }

  /** Adds the seconds that are over to `recent`. To be called about once a second; what is missed is made up for, up to `windowSeconds`. */
  tick(): void {
    const { balancer, clock } = this.#watched;
    const current = Math.floor(clock.now() / 1000);
    this.#nextSecond = Math.max(this.#nextSecond, current - windowSeconds + 1);
    for (; this.#nextSecond < current; this.#nextSecond += 1) {
      const second = this.#nextSecond;
      const counts = Array.from(balancer.pool.peers, (peer) => ({
        id: peer.id,
        name: nameOf(peer),
        zone: peer.endpoint.zone,
        count: this.#notes.get(peer)?.traffic?.countIn(second) ?? 0,
      }));
      this.recent.add({ ...this.#requests.inSecond(second), inFlight: balancer.stats.inFlight }, counts);
    }
  }

  /** O(peers). */
  read(): ConsumerState {
    const { balancer, discovery, actions, clock } = this.#watched;
    const at = clock.now();
    const { pool, stats } = balancer;
    const { peers: statuses, service, policy, tier, candidates, ejected, suspects } = pool.status(at);
    const byId = new Map(statuses.map((status) => [status.id, status]));
    const rows: PeerFacts[] = [];
    for (const peer of pool.peers) {
      const status = byId.get(peer.id);
      const { knownSince, ejections, traffic: counted } = this.#of(peer);
      const traffic = counted?.summary(at) ?? noTraffic;
      const inSecond = this.recent.last === undefined ? 0 : (counted?.countIn(this.recent.last.second) ?? 0);
      if (status !== undefined) rows.push({ peer, status, traffic, inSecond, ejections, knownMs: at - knownSince });
    }
    const sum = (value: (row: PeerFacts) => number): number => rows.reduce((total, row) => total + value(row), 0);
    const whole = {
      weights: sum(({ status }) => status.effectiveWeight),
      attempts: sum(({ traffic }) => traffic.count),
      now: at,
      wallClock: clock.wallClock(),
    };
    return {
      at: whole.wallClock,
      service,
      policy,
      tier,
      candidates,
      ejected,
      suspects,
      registry: registryState(discovery.status),
      windowSeconds,
      requests: { ...this.#requests.summary(at), inFlight: stats.inFlight, queued: stats.queued },
      traffic: {
        total: sum(({ traffic }) => traffic.total),
        failedTotal: sum(({ traffic }) => traffic.failedTotal),
        perSecond: sum(({ traffic }) => traffic.perSecond),
      },
      retryBudget: { balance: stats.retryBudget, share: stats.retryBudgetShare },
      second: this.recent.last ?? null,
      peers: rows.map((facts) => peerSummary(facts, whole)),
      actions,
    };
  }

  #ejected({ peer, ejection }: EjectMessage): void {
    const notes = this.#of(peer);
    // A probe that fails prolongs an ejection, which is published as well.
    if (notes.ejectedSince === ejection.since) return;
    notes.ejectedSince = ejection.since;
    notes.ejections += 1;
  }

  #of(peer: Peer): Notes {
    let notes = this.#notes.get(peer);
    if (notes === undefined) {
      notes = { knownSince: this.#watched.clock.now(), traffic: undefined, ejections: 0, ejectedSince: undefined };
      this.#notes.set(peer, notes);
    }
    return notes;
  }
}

function registryState({
  revision,
  endpoints,
  stale,
  ageMs,
  overrides,
  invalid,
  host,
}: DiscoveryStatus): RegistryState {
  return {
    revision,
    endpoints,
    stale,
    ageMs: Number.isFinite(ageMs) ? ageMs : null,
    overridesStale: overrides?.stale ?? null,
    invalid,
    host,
  };
}
