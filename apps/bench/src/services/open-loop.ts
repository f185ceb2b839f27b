/** An open loop: requests at a steady rate, however earlier ones fare, as from callers who know nothing of each other. */
import { Agent, type Dispatcher } from 'undici';

export interface Sent {
  /** When it was due, and how long after that it was answered, or failed. */
  readonly at: number;
  readonly elapsedMs: number;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly method: Dispatcher.HttpMethod;
  readonly error: string | undefined;
}

export interface Shot {
  readonly origin: string;
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly body?: string;
}

export interface OpenLoopOptions {
  readonly perSecond: number;
  /** What to send, the `index`-th time. */
  readonly next: (index: number) => Shot;
  readonly connections?: number;
  /** How long to wait for an answer. Defaults to 10 s. */
  readonly timeoutMs?: number;
}

export class OpenLoop {
  readonly sent: Sent[] = [];
  readonly #options: OpenLoopOptions;
  readonly #agent: Agent;
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #count = 0;

  constructor(options: OpenLoopOptions) {
    this.#options = options;
    // Below what the services keep idle connections for, so that none is used that is just being closed.
    this.#agent = new Agent({ connections: options.connections ?? 512, keepAliveTimeout: 4000 });
    this.#timer = setInterval(() => this.#send(), 2);
  }

  /** Sends no more, waits for all that was sent, and returns it. */
  async stop(): Promise<readonly Sent[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    await this.#agent.close();
    return this.sent;
  }

  #send(): void {
    const gapMs = 1000 / this.#options.perSecond;
    for (const now = performance.now(); this.#startedAt + this.#count * gapMs <= now; this.#count += 1) {
      const one = this.#ask(this.#options.next(this.#count)).finally(() => this.#underWay.delete(one));
      this.#underWay.add(one);
    }
  }

  async #ask({ origin, path, method, body }: Shot): Promise<void> {
    const at = performance.now();
    const { timeoutMs = 10_000 } = this.#options;
    let status = 0;
    let error: string | undefined;
    try {
      const answer = await this.#agent.request({
        origin,
        path,
        method,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        body: body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      await answer.body.dump();
      status = answer.statusCode;
    } catch (thrown) {
      error = thrown instanceof Error ? `${Reflect.get(thrown, 'code') ?? thrown.name}` : String(thrown);
    }
    this.sent.push({ at, elapsedMs: performance.now() - at, status, method, error });
  }
}

/** The least that `share` of `values` do not exceed; 0 for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** How many of each kind, such as `GET 503` or `POST ECONNRESET`. */
export function kinds(sent: readonly Sent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, status, error } of sent) {
    const kind = `${method} ${error ?? status}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
