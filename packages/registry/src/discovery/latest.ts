/**
 * One value that changes, for readers that want the newest and not the history.
 *
 * Each reader is given the value at once if there is one, then every value that is newer when it asks again. A slow reader skips
 * what it missed; nothing queues.
 */
export class Latest<T> implements AsyncIterable<T> {
  /** A new object for each value, so that readers can tell one that was set again. */
  #newest: { readonly value: T } | undefined;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  get value(): T | undefined {
    return this.#newest?.value;
  }

  set(value: T): void {
    if (this.#ended) return;
    this.#newest = { value };
    this.#wake();
  }

  /** Readers that have seen the newest value finish. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    let seen: { readonly value: T } | undefined;
    const returned = new AbortController();
    const stopped = new Promise<void>((resolve) => {
      returned.signal.addEventListener('abort', () => resolve());
    });
    return {
      next: async () => {
        while (this.#newest === seen && !this.#ended && !returned.signal.aborted) {
          await Promise.race([this.#changed.promise, stopped]);
        }
        if (returned.signal.aborted || this.#newest === undefined || this.#newest === seen) {
          return { done: true, value: undefined };
        }
        seen = this.#newest;
        return { done: false, value: seen.value };
      },
      return: () => {
        returned.abort();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
