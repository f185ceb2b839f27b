import { LoadTable, TabledLoad } from '../load/load-table.ts';
import type { Peer } from '../peer.ts';
import type { Load } from '../policy.ts';

/** What a picker that compares needs to know of its peers, by their indexes. */
export interface PeerRanks {
  hasRoom(index: number): boolean;
  /** Whether it has something in flight. */
  isBusy(index: number): boolean;
  /** Less where one more request would cost less. */
  rank(index: number, now: number): number;
  /** The loads serve another picker from now on. To be called once that has its own. */
  release(): void;
}

/** Puts the loads of `peers` side by side, where they are of the kind that can be. O(n). */
export function ranksOf(peers: readonly Peer[]): PeerRanks {
  const loads = peers.map(({ load }) => load);
  const [model] = loads;
  if (!(model instanceof TabledLoad)) return new LoadRanks(peers, loads);
  const isLike = (load: Load): load is TabledLoad =>
    load instanceof TabledLoad && load.constructor === model.constructor && load.shared === model.shared;
  return loads.every(isLike) ? new TabledRanks(peers, loads, model) : new LoadRanks(peers, loads);
}

class LoadRanks implements PeerRanks {
  readonly #peers: readonly Peer[];
  /** Reached through the peer, each would be one cache miss later: with thousands of peers that costs most. */
  readonly #loads: readonly Load[];
  readonly #weights: Float64Array;

  constructor(peers: readonly Peer[], loads: readonly Load[]) {
    this.#peers = peers;
    this.#loads = loads;
    this.#weights = Float64Array.from(peers, ({ relativeWeight }) => relativeWeight);
  }

  hasRoom(index: number): boolean {
    return this.#loads[index]!.inFlight < this.#peers[index]!.limit;
  }

  isBusy(index: number): boolean {
    return this.#loads[index]!.inFlight > 0;
  }

  rank(index: number, now: number): number {
    return this.#loads[index]!.cost(now, this.#weights[index]!);
  }

  release(): void {
    // Nothing was moved.
  }
}

class TabledRanks implements PeerRanks {
  readonly #loads: readonly TabledLoad[];
  readonly #table: LoadTable;
  /** Any of the loads: it knows how to read the rows of all. */
  readonly #model: TabledLoad;

  constructor(peers: readonly Peer[], loads: readonly TabledLoad[], model: TabledLoad) {
    this.#loads = loads;
    this.#model = model;
    this.#table = new LoadTable(loads.length);
    for (const [index, load] of loads.entries()) {
      const at = this.#table.rowAt(index);
      const { limit, relativeWeight } = peers[index]!;
      load.moveTo(this.#table, at);
      load.limitTo(limit);
      this.#table.setWeight(at, relativeWeight);
    }
  }

  hasRoom(index: number): boolean {
    const table = this.#table;
    return table.hasRoom(table.rowAt(index));
  }

  isBusy(index: number): boolean {
    const table = this.#table;
    return table.isBusy(table.rowAt(index));
  }

  rank(index: number, now: number): number {
    const table = this.#table;
    const at = table.rowAt(index);
    return this.#model.rankIn(table, at, now, table.weight(at));
  }

  release(): void {
    for (const load of this.#loads) load.leave(this.#table);
  }
}
