/** What is compared: a policy in the very `PeerPool` that production runs, or a bound that no policy can pass. */
import type { Endpoint, Peer, PeerPoolOptions, Policy, ProbeSource } from '@lb/core';

/** A policy under test, with what its clients are given beside it. */
export interface Contender {
  readonly name: string;
  /** Makes the policy of one client's pool. Not called for a `central` contender. */
  readonly createPolicy: (world: World) => Policy;
  /** Options of the pools beside policy and chance. Defaults to none, which are the pool's own defaults. */
  readonly pool?: Omit<PeerPoolOptions, 'policy' | 'random' | 'service'>;
  /** What the client makes of an endpoint, such as weights of its own. Defaults to what is registered. */
  readonly endpoint?: (endpoint: Endpoint) => Endpoint;
  /** Uses one queue for all servers in place of pools: what perfect knowledge and no early decision would give. */
  readonly central?: boolean;
}

/** What a policy in a simulation may use beside its own counts. */
export interface World {
  /** Index of the client. */
  readonly client: number;
  /** Probes, as Prequal sends them: answered by the server after a way there and back, if it is up. */
  readonly probes: ProbeSource;
  /** What is true of the server behind a peer. For oracles: no client can know it. */
  truth(peer: Peer): ServerTruth;
}

/** Live, not a copy. */
export interface ServerTruth {
  readonly slots: number;
  /** Requests that all clients have sent and that it has not answered. */
  readonly assigned: number;
  /** How long one more request would take in the mean, if sent now; Infinity for one that would fail or be refused. */
  expectedMs(now: number): number;
}
