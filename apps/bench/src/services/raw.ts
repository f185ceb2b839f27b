import { connect, type Socket } from 'node:net';

/** A connection on which every byte is ours. */
export class Raw {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  readonly openedAt = performance.now();
  said = '';
  closedAt: number | undefined;

  constructor(origin: string) {
    this.#socket = connect(Number(new URL(origin).port), '127.0.0.1');
    this.#socket.setEncoding('latin1').on('data', (text: string) => (this.said += text));
    // What was cut off tells by being closed.
    this.#socket.on('error', () => {});
    this.#closed = new Promise((resolve) => {
      this.#socket.on('close', () => {
        this.closedAt = performance.now();
        resolve();
      });
    });
  }

  write(bytes: string): void {
    if (this.closedAt === undefined) this.#socket.write(bytes, 'latin1');
  }

  /** Resolves when the other side has closed it, or after `limitMs`. */
  async untilClosed(limitMs: number): Promise<void> {
    const overdue = Promise.withResolvers<void>();
    const timer = setTimeout(overdue.resolve, limitMs);
    await Promise.race([this.#closed, overdue.promise]);
    clearTimeout(timer);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The statuses of all answers so far. */
  get statuses(): number[] {
    return Array.from(this.said.matchAll(/^HTTP\/1\.1 (\d{3})/gm), ([, status]) => Number(status));
  }
}
