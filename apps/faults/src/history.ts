/** What a client saw, and the figures that promises are about. */
import { quantile } from '@lb/testkit';

import type { AttemptRecord, EventRecord, Records, RequestRecord } from './processes/orders.ts';

/** With 300 requests a second, the fair share of one of four providers is 37 requests in this time. */
const aloneMs = 500;

function soonAfter(moments: readonly number[], after: number): number {
  return moments.filter((at) => at > after && at <= after + aloneMs).length;
}

export class History {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  get records(): Records {
    return this.#records;
  }

  get count(): number {
    return this.#records.requests.length;
  }

  /** Requests that were due in this part of the run. */
  requests(from = -Infinity, to = Infinity): RequestRecord[] {
    return this.#records.requests.filter(({ at }) => at >= from && at < to);
  }

  attempts(from = -Infinity, to = Infinity): AttemptRecord[] {
    return this.#records.attempts.filter(({ at }) => at >= from && at < to);
  }

  failed(from = -Infinity, to = Infinity): RequestRecord[] {
    return this.requests(from, to).filter(({ failure }) => failure !== undefined);
  }

  /** How often each failure occurred, in words. */
  failures(from = -Infinity, to = Infinity): string {
    const counts = new Map<string, number>();
    for (const { failure, method } of this.failed(from, to)) {
      const kind = `${method} ${failure}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    const bugs = this.events('bug').slice(0, 1);
    return [...Array.from(counts, ([kind, count]) => `${count} x ${kind}`), ...bugs.map(({ about }) => about)].join(
      ', ',
    );
  }

  attemptsPerRequest(from = -Infinity, to = Infinity): number {
    return this.attempts(from, to).length / this.requests(from, to).length;
  }

  /**
   * The first moment after `from` from which a provider gets less than a tenth of its fair share for half a second: what is tried of a peer
   * that failed, once in a while, is not traffic. NaN when there is none.
   */
  outOfRotation(provider: string, from: number): number {
    const attempts = this.attempts(from);
    const mine = attempts.filter((attempt) => attempt.provider === provider).map(({ at }) => at);
    const providers = new Set(this.attempts().map((attempt) => attempt.provider)).size;
    const all = attempts.map(({ at }) => at);
    const moments = [from, ...mine.toSorted((one, other) => one - other)];
    return moments.find((moment) => soonAfter(mine, moment) < (0.1 * soonAfter(all, moment)) / providers) ?? NaN;
  }

  /** Part of all attempts that went to a provider. */
  share(provider: string, from: number, to = Infinity): number {
    const attempts = this.attempts(from, to);
    return attempts.filter((attempt) => attempt.provider === provider).length / attempts.length;
  }

  /** Of the time from when a request was due to the end of its answer. */
  latency(share: number, from = -Infinity, to = Infinity): number {
    return quantile(
      this.requests(from, to).map(({ elapsedMs }) => elapsedMs),
      share,
    );
  }

  /** When the first answer came of an attempt on a provider that began after `from`; Infinity when there was none. */
  firstAnswer(provider: string, from: number): number {
    const answered = this.attempts(from).filter((one) => one.provider === provider && one.outcome === 'success');
    return Math.min(...answered.map(({ at, elapsedMs }) => at + elapsedMs), Infinity);
  }

  /** What happened to peers and to the registry's view, by kind. */
  events(kind: EventRecord['kind'], from = -Infinity): EventRecord[] {
    return this.#records.events.filter((event) => event.kind === kind && event.at >= from);
  }

  /** The first moment after `from` at which the client's peers were as wanted; NaN when they never were. */
  firstPeers(wanted: (ids: readonly string[]) => boolean, from: number): number {
    return this.#records.peers.find(({ at, ids }) => at >= from && wanted(ids))?.at ?? NaN;
  }
}
