/** The last five minutes as this page knows them: fetched once, then grown by a second with each state. */

/** @import { ConsumerState, History } from '../src/wire.ts' */

const maxSeries = 128;

/**
 * @typedef {object} PeerSeries
 * @property {string} name
 * @property {number[]} counts
 */

export class Series {
  /** @type {number} */
  second;
  /** @type {{ requests: (number | null)[], failed: (number | null)[], inFlight: (number | null)[], p50Ms: (number | null)[], p99Ms: (number | null)[] }} */
  lists;
  /** @type {Map<string, PeerSeries>} By id. */
  peers;
  /** @type {number[]} */
  others;

  /** @param {History} history */
  constructor({ second, requests, failed, inFlight, p50Ms, p99Ms, peers, others }) {
    this.second = second;
    this.lists = {
      requests: [...requests],
      failed: [...failed],
      inFlight: [...inFlight],
      p50Ms: [...p50Ms],
      p99Ms: [...p99Ms],
    };
    this.peers = new Map(peers.map(({ id, name, counts }) => [id, { name, counts: [...counts] }]));
    this.others = [...others];
  }

  get length() {
    return this.others.length;
  }

  /**
   * Adds the second that a state tells of. Returns false when it does not follow the last one: then the history has to be fetched again.
   * @param {ConsumerState} state
   */
  add({ second, peers }) {
    if (second === null || second.second <= this.second) return true;
    if (second.second !== this.second + 1) return false;
    this.second = second.second;
    for (const field of /** @type {const} */ (['requests', 'failed', 'inFlight', 'p50Ms', 'p99Ms'])) {
      this.lists[field].shift();
      this.lists[field].push(second[field]);
    }
    for (const { counts } of this.peers.values()) {
      counts.shift();
      counts.push(0);
    }
    this.others.shift();
    this.others.push(0);
    const at = this.length - 1;
    for (const { id, name, inSecond } of peers) {
      if (inSecond === 0) continue;
      const { counts } = this.#of(id, name);
      counts[at] = (counts[at] ?? 0) + inSecond;
    }
    for (const [id, { counts }] of this.peers) if (counts.every((count) => count === 0)) this.peers.delete(id);
    return true;
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  #of(id, name) {
    let series = this.peers.get(id);
    if (series === undefined) {
      if (this.peers.size >= maxSeries) return { counts: this.others };
      this.peers.set(id, (series = { name, counts: Array.from({ length: this.length }, () => 0) }));
    }
    return series;
  }
}
