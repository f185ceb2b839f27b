/** What the consumer knows, for people and programs to look at. */
import { type AttemptMessage, type Balancer, channels } from '@lb/balancer';
import type { Peer } from '@lb/core';
import type { DiscoveryStatus, EtcdDiscovery } from '@lb/registry';

import { Traffic, type TrafficSummary, windowSeconds } from './traffic.ts';

export interface ConsumerState {
  readonly service: string;
  readonly policy: string;
  readonly registry: DiscoveryStatus;
  readonly windowSeconds: number;
  readonly traffic: Pick<TrafficSummary, 'total' | 'failedTotal' | 'perSecond'>;
  readonly peers: readonly PeerState[];
}

interface PeerState extends TrafficSummary {
  readonly id: string;
  readonly name: string;
  readonly origin: string;
  readonly zone: string | null;
  readonly state: 'serving' | 'draining';
  /** What the provider asks for. */
  readonly weight: number;
  /** Part of the weight of all peers that it gets now, from 0 to 1: less while it warms up or is set aside. */
  readonly weightShare: number;
  /** Part of the attempts of all peers in the window, from 0 to 1; `null` when there were none. */
  readonly share: number | null;
  readonly inFlight: number;
  /** Most requests at once; `null` when there is no limit. */
  readonly limit: number | null;
}

export class StateKeeper {
  readonly #balancer: Balancer;
  readonly #discovery: EtcdDiscovery;
  /** By peer, so that what is gone takes its numbers along. */
  readonly #traffic = new WeakMap<Peer, Traffic>();

  constructor(balancer: Balancer, discovery: EtcdDiscovery) {
    this.#balancer = balancer;
    this.#discovery = discovery;
    channels.attempt.subscribe((message) => this.#record(message));
  }

  read(now: number): ConsumerState {
    const { pool } = this.#balancer;
    const rows = Array.from(pool.peers, (peer) => ({ peer, traffic: this.#of(peer).summary(now) }));
    const sum = (value: (row: (typeof rows)[number]) => number): number =>
      rows.reduce((total, row) => total + value(row), 0);
    const weights = sum(({ peer }) => peer.weight);
    const attempts = sum(({ traffic }) => traffic.count);
    return {
      service: pool.service,
      policy: pool.policy.name,
      registry: this.#discovery.status,
      windowSeconds,
      traffic: {
        total: sum(({ traffic }) => traffic.total),
        failedTotal: sum(({ traffic }) => traffic.failedTotal),
        perSecond: sum(({ traffic }) => traffic.perSecond),
      },
      peers: rows.map(({ peer, traffic }) => ({
        id: peer.id,
        name: peer.endpoint.metadata['name'] ?? peer.id,
        origin: peer.endpoint.origin,
        zone: peer.endpoint.zone ?? null,
        state: peer.endpoint.state,
        weight: peer.endpoint.weight ?? 1,
        weightShare: weights === 0 ? 0 : peer.weight / weights,
        share: attempts === 0 ? null : traffic.count / attempts,
        inFlight: peer.load.inFlight,
        limit: Number.isFinite(peer.limit) ? peer.limit : null,
        ...traffic,
      })),
    };
  }

  #record({ peer, outcome, elapsedMs }: AttemptMessage): void {
    if (outcome.kind !== 'ignored') this.#of(peer).record(elapsedMs, outcome.kind === 'failure', performance.now());
  }

  #of(peer: Peer): Traffic {
    let traffic = this.#traffic.get(peer);
    if (traffic === undefined) this.#traffic.set(peer, (traffic = new Traffic()));
    return traffic;
  }
}
