/**
 * The rule of undici's BalancedPool (version 8): a weighted round robin by greatest common divisor, in which every upstream starts with the
 * weight 100, loses 15 when a connection to it fails or breaks and gets 15 back when one is made. Answers, whatever their status, and
 * times and requests in flight do not count; a new upstream gives all of them 100 again.
 *
 * In a simulation there are no sockets. A connection fails when the server is down and breaks when it crashes; one is made with the
 * first answer after that.
 */
import { InFlight, isOpen, type Load, type Outcome, type Peer, type PickContext, type Picker } from '@lb/core';

import type { Contender } from '../contender.ts';

const startWeight = 100;
const penalty = 15;

export const undiciBalancedPool: Contender = {
  name: 'undiciBalancedPool',
  createPolicy: () => ({
    name: 'undiciBalancedPool',
    createLoad: () => new ConnectionWeight(),
    createPicker: (peers, _random, previous) => new InterleavedRoundRobin(peers, previous),
  }),
  pool: { ejection: false, slowStart: false },
  endpoint: (endpoint) => ({ ...endpoint, maxConcurrency: undefined, weight: 1 }),
};

class ConnectionWeight extends InFlight implements Load {
  value = startWeight;

  override end(elapsedMs: number, outcome: Outcome, now: number): void {
    super.end(elapsedMs, outcome, now);
    if (outcome.kind === 'success') this.value = Math.min(startWeight, this.value + penalty);
    if (outcome.kind === 'failure' && (outcome.reason === 'connect' || outcome.reason === 'reset')) {
      this.value = Math.max(1, this.value - penalty);
    }
  }
}

class InterleavedRoundRobin implements Picker {
  readonly #peers: readonly Peer[];
  readonly #weights: readonly ConnectionWeight[];
  #index = -1;
  /** Only peers of at least this weight are taken; it falls after each round. */
  #bar = 0;

  constructor(peers: readonly Peer[], previous?: Picker) {
    this.#peers = peers;
    this.#weights = peers.map(({ load }) => load).filter((load) => load instanceof ConnectionWeight);
    const known = previous instanceof InterleavedRoundRobin ? new Set(previous.#peers) : new Set<Peer>();
    if (peers.some((peer) => !known.has(peer))) for (const weight of this.#weights) weight.value = startWeight;
  }

  pick(context: PickContext): Peer | undefined {
    let heaviest = -1;
    for (let tried = 0; tried < this.#peers.length; tried += 1) {
      this.#index = (this.#index + 1) % this.#peers.length;
      if (this.#index === 0) {
        this.#bar -= this.#divisor();
        if (this.#bar <= 0) this.#bar = startWeight;
      }
      const peer = this.#peers[this.#index];
      if (peer === undefined || !isOpen(peer, context)) continue;
      const weight = this.#weightAt(this.#index);
      if (heaviest < 0 || weight > this.#weightAt(heaviest)) heaviest = this.#index;
      if (weight >= this.#bar) return peer;
    }
    if (heaviest < 0) return undefined;
    this.#index = heaviest;
    this.#bar = this.#weightAt(heaviest);
    return this.#peers[heaviest];
  }

  #weightAt(index: number): number {
    return this.#weights[index]?.value ?? startWeight;
  }

  #divisor(): number {
    let divisor = 0;
    for (const { value } of this.#weights) divisor = greatestCommonDivisor(value, divisor);
    return divisor;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
