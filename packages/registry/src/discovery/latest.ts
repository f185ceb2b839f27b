/**
 * One value that changes, for readers that want the newest and not the history.
 *
 * Each reader is given the value at once if there is one, then every value that is newer when it asks again. A slow reader skips
 * what it missed; nothing queues, and a reader that waits costs one function.
 */
export class Latest<T> implements AsyncIterable<T> {
  /** A new object for each value, so that readers can tell one that was set again. */
  #newest: { readonly value: T } | undefined;
  #ended = false;
  /** Wake the readers that wait. */
  readonly #waiting = new Set<() => void>();

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
    const reader: Reader<T> = { seen: undefined, returned: false, wakes: new Set() };
    return {
      next: async () => {
        while (this.#newest === reader.seen && !this.#ended && !reader.returned) await this.#change(reader);
        if (reader.returned || this.#newest === undefined || this.#newest === reader.seen) {
          return { done: true, value: undefined };
        }
        reader.seen = this.#newest;
        return { done: false, value: reader.seen.value };
      },
      return: () => {
        reader.returned = true;
        for (const wake of reader.wakes) wake();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** Resolves with the next change, or when the reader is woken. */
  #change({ wakes }: Reader<T>): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        wakes.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      wakes.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

interface Reader<T> {
  seen: { readonly value: T } | undefined;
  returned: boolean;
  readonly wakes: Set<() => void>;
}
