/** A gentle load: random texts at a steady mean rate, whether or not earlier ones have been answered. */
import { Pool } from 'undici';

/** What one request came to. */
export interface Sample {
  /** When it ended, on the monotonic clock. */
  readonly at: number;
  readonly elapsedMs: number;
  /** Who computed the answer; `undefined` when there was none. */
  readonly provider: string | undefined;
  readonly error: string | undefined;
}

export class Load {
  readonly #pool: Pool;
  readonly #onSample: (sample: Sample) => void;
  readonly #perSecond: number;
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #next = 0;

  constructor(origin: string, perSecond: number, onSample: (sample: Sample) => void) {
    this.#pool = new Pool(origin, { connections: 128 });
    this.#perSecond = perSecond;
    this.#onSample = onSample;
  }

  /** A rate of 0 is no load. */
  start(): void {
    if (this.#perSecond === 0) return;
    this.#next = performance.now();
    this.#send();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#inFlight);
    await this.#pool.close();
  }

  /** Sends what is due and comes back for the rest. Gaps are exponential, as between independent callers. */
  #send(): void {
    for (
      const now = performance.now();
      this.#next <= now;
      this.#next += (-Math.log(1 - Math.random()) / this.#perSecond) * 1000
    ) {
      const request = this.#request().finally(() => this.#inFlight.delete(request));
      this.#inFlight.add(request);
    }
    this.#timer = setTimeout(() => this.#send(), Math.max(1, this.#next - performance.now()));
  }

  async #request(): Promise<void> {
    const startedAt = performance.now();
    const answer = await this.#ask().catch((error: Error) => ({ provider: undefined, error: error.message }));
    const at = performance.now();
    this.#onSample({ at, elapsedMs: at - startedAt, ...answer });
  }

  async #ask(): Promise<{ provider: string | undefined; error: string | undefined }> {
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: '/hash',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: randomText() }),
    });
    const answer: unknown = await body.json();
    const field = (name: string): string | undefined => {
      const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined;
      return typeof value === 'string' ? value : undefined;
    };
    return statusCode === 200
      ? { provider: field('provider'), error: undefined }
      : { provider: undefined, error: `${statusCode} ${field('message') ?? ''}` };
  }
}

/** 0 to 1023 characters, as in the race. */
function randomText(): string {
  const characters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let text = '';
  for (let left = Math.floor(Math.random() * 1024); left > 0; left -= 1) {
    text += characters[Math.floor(Math.random() * characters.length)];
  }
  return text;
}
