/** Counts what became of many requests: by peer, and in all. */
import { count, milliseconds, percent } from '../numbers.ts';
import { table } from '../terminal/table.ts';
import { type Line, type Span, styled } from '../terminal/terminal.ts';

export interface Answered {
  /** Of the peer that answered, or was tried last; `undefined` when none was. */
  readonly id: string | undefined;
  /** `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** The code of what it failed with. */
  readonly error: string | undefined;
  readonly attempts: number;
  readonly elapsedMs: number;
}

export interface KnownPeer {
  readonly id: string;
  readonly origin: string;
  /** Part of the weight of all, from 0 to 1. */
  readonly weightShare: number;
}

/** Whether it failed, as far as the provider or the way to it is concerned: no answer, or one of 500 and above. */
function hasFailed({ status }: Answered): boolean {
  return status === undefined || status >= 500;
}

export class Tally {
  readonly #answers: Answered[] = [];

  add(answered: Answered): void {
    this.#answers.push(answered);
  }

  get failed(): number {
    return this.#answers.filter(hasFailed).length;
  }

  /** A row a peer, then what became of all, in so many milliseconds. */
  lines(peers: readonly KnownPeer[], tookMs: number): Line[] {
    const ids = new Set(this.#answers.flatMap(({ id }) => id ?? []));
    const gone = [...ids].filter((id) => !peers.some((peer) => peer.id === id));
    const rows = [...peers, ...gone.map((id) => ({ id, origin: '-', weightShare: 0 }))];
    return [
      ...table(
        [
          { heading: 'ID' },
          { heading: 'ADDRESS' },
          { heading: 'WEIGHT SHARE', right: true },
          { heading: 'SHARE', right: true },
          { heading: 'REQUESTS', right: true },
          { heading: 'FAILED', right: true },
          { heading: 'P50 MS', right: true },
          { heading: 'P99 MS', right: true },
          { heading: 'MAX MS', right: true },
        ],
        rows.map((peer) => this.#row(peer)),
      ),
      [],
      [this.#summary(tookMs)],
    ];
  }

  /** The same for programs. */
  json(peers: readonly KnownPeer[], tookMs: number): unknown {
    return {
      requests: this.#answers.length,
      failed: this.failed,
      tookMs,
      outcomes: Object.fromEntries(this.#outcomes()),
      retries: this.#retries,
      ...latencies(this.#answers),
      peers: peers.map(({ id, origin, weightShare }) => {
        const own = this.#of(id);
        const share = own.length / Math.max(1, this.#answers.length);
        const failed = own.filter(hasFailed).length;
        return { id, origin, weightShare, share, requests: own.length, failed, ...latencies(own) };
      }),
    };
  }

  get #retries(): number {
    return this.#answers.reduce((sum, { attempts }) => sum + Math.max(0, attempts - 1), 0);
  }

  #of(id: string): readonly Answered[] {
    return this.#answers.filter((answer) => answer.id === id);
  }

  #row({ id, origin, weightShare }: KnownPeer): Span[] {
    const own = this.#of(id);
    const failed = own.filter(hasFailed).length;
    const { p50Ms, p99Ms, maxMs } = latencies(own);
    return [
      id,
      origin,
      percent(weightShare),
      percent(own.length / Math.max(1, this.#answers.length)),
      count(own.length),
      failed === 0 ? '0' : styled('red', count(failed)),
      time(p50Ms),
      time(p99Ms),
      time(maxMs),
    ];
  }

  #summary(tookMs: number): string {
    const outcomes = Array.from(this.#outcomes(), ([outcome, times]) => `${outcome} × ${count(times)}`);
    const perSecond = this.#answers.length / (tookMs / 1000);
    const parts = [
      `${count(this.#answers.length)} requests in ${(tookMs / 1000).toFixed(1)} s, ${count(perSecond)} a second`,
      `${count(this.failed)} failed`,
      `${count(this.#retries)} retries`,
    ];
    return `${parts.join(', ')}. ${outcomes.join(', ')}`;
  }

  /** How often each status or error came, the most frequent first. */
  #outcomes(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { status, error } of this.#answers) {
      const outcome = String(status ?? error ?? 'unknown');
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    return new Map(Array.from(counts).toSorted(([, a], [, b]) => b - a));
  }
}

interface Latencies {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** Of those that were answered. */
function latencies(answers: readonly Answered[]): Latencies {
  const times = answers
    .filter(({ status }) => status !== undefined)
    .map(({ elapsedMs }) => elapsedMs)
    .toSorted((a, b) => a - b);
  const quantile = (share: number): number | null => times[Math.ceil(times.length * share) - 1] ?? null;
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: times.at(-1) ?? null };
}

function time(ms: number | null): string {
  return ms === null ? '-' : milliseconds(ms);
}
