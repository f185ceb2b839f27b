/**
 * What a machine can carry: so many requests at once, and a queue of bounded length before it. A request that finds the queue full is
 * refused at once, which costs its caller less than a wait that ends in a timeout.
 */
export class Slots {
  readonly limit: number;
  readonly #queueLimit: number;
  readonly #waiting = new Set<() => void>();
  #used = 0;

  constructor(limit: number, queueLimit: number) {
    this.limit = limit;
    this.#queueLimit = queueLimit;
  }

  get used(): number {
    return this.#used;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** Whether whoever comes now is refused. */
  get full(): boolean {
    return this.#used >= this.limit && this.#waiting.size >= this.#queueLimit;
  }

  /**
   * Resolves with a function that gives the slot back, once there is one; `undefined` when the queue is full, or when `signal`
   * aborts before it was this request's turn.
   */
  async take(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined;
    if (this.#used < this.limit) this.#used += 1;
    else if (!(await this.#turn(signal))) return undefined;
    return () => this.#release();
  }

  async #turn(signal: AbortSignal): Promise<boolean> {
    if (this.#waiting.size >= this.#queueLimit) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const take = (): void => resolve(true);
    const leave = (): void => {
      if (this.#waiting.delete(take)) resolve(false);
    };
    this.#waiting.add(take);
    signal.addEventListener('abort', leave);
    const mine = await promise;
    signal.removeEventListener('abort', leave);
    return mine;
  }

  /** The slot goes straight to whoever has waited longest, so that no newcomer can get in between. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#used -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
