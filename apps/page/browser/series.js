/** The last five minutes as this page knows them: fetched once, then grown by a second with each state. */

/** @import { ConsumerState, History } from '../src/wire.ts' */

const maxSeries = 128;

/**
 * @typedef {object} Counts
 * @property {string} name
 * @property {number[]} counts
 */

export class Series {
  /** @type {number} */
  second;
  /** @type {{ requests: (number | null)[], failed: (number | null)[], inFlight: (number | null)[], p50Ms: (number | null)[], p99Ms: (number | null)[] }} */
  lists;
  /** @type {Map<string, Counts>} By id. */
  peers;
  /** @type {Map<string, Counts>} */
  zones;
  /** @type {number[]} */
  others;

  /** @param {History} history */
  constructor({ second, requests, failed, inFlight, p50Ms, p99Ms, peers, others, zones }) {
    this.second = second;
    this.lists = {
      requests: [...requests],
      failed: [...failed],
      inFlight: [...inFlight],
      p50Ms: [...p50Ms],
      p99Ms: [...p99Ms],
    };
    this.peers = byId(peers);
    this.zones = byId(zones);
    this.others = [...others];
  }

  get length() {
    return this.others.length;
  }

  /**
   * Adds the second that a state tells of. Returns false when it does not follow the last one: then the history has to be fetched again. So
   * it is when the consumer was restarted, whose seconds begin anew.
   * @param {Pick<ConsumerState, 'second' | 'peers'>} state
   */
  add({ second, peers }) {
    if (second === null || second.second === this.second) return true;
    if (second.second !== this.second + 1) return false;
    this.second = second.second;
    for (const field of /** @type {const} */ (['requests', 'failed', 'inFlight', 'p50Ms', 'p99Ms'])) {
      this.lists[field].shift();
      this.lists[field].push(second[field]);
    }
    for (const counts of [
      this.others,
      ...[...this.peers.values(), ...this.zones.values()].map((series) => series.counts),
    ]) {
      counts.shift();
      counts.push(0);
    }
    for (const { id, name, zone, inSecond } of peers) {
      if (inSecond === 0) continue;
      this.#count(this.peers, id, name, inSecond);
      if (zone !== null) this.#count(this.zones, zone, zone, inSecond);
    }
    for (const set of [this.peers, this.zones]) {
      for (const [id, { counts }] of set) if (counts.every((count) => count === 0)) set.delete(id);
    }
    return true;
  }

  /**
   * @param {Map<string, Counts>} set
   * @param {string} id
   * @param {string} name
   * @param {number} count In the last second.
   */
  #count(set, id, name, count) {
    let counts = set.get(id)?.counts;
    if (counts === undefined && set.size < maxSeries) {
      counts = Array.from({ length: this.length }, () => 0);
      set.set(id, { name, counts });
    }
    if (counts === undefined && set === this.peers) counts = this.others;
    if (counts !== undefined) counts[this.length - 1] = (counts[this.length - 1] ?? 0) + count;
  }
}

/** @param {History['peers']} series */
function byId(series) {
  return new Map(series.map(({ id, name, counts }) => [id, { name, counts: [...counts] }]));
}
