import type { Endpoint, Snapshot } from '@lb/core';

/** A discovery that yields what the test puts in. */
export class Snapshots implements AsyncIterable<Snapshot> {
  readonly #given: Snapshot[] = [];
  #revision = 0;
  #waiting: (() => void) | undefined;
  #ended = false;
  #failure: Error | undefined;

  put(...endpoints: readonly Endpoint[]): void {
    this.#revision += 1;
    this.#given.push({ revision: this.#revision, endpoints });
    this.#waiting?.();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#waiting?.();
  }

  get ended(): boolean {
    return this.#ended;
  }

  [Symbol.asyncIterator](): AsyncIterator<Snapshot, undefined> {
    return {
      next: async () => {
        while (this.#given.length === 0 && !this.#ended && this.#failure === undefined) {
          await new Promise<void>((resolve) => (this.#waiting = resolve));
        }
        if (this.#failure !== undefined) throw this.#failure;
        const value = this.#given.shift();
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      return: () => {
        this.#ended = true;
        this.#waiting?.();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}
