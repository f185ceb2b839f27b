import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { AuthorityRepair } from './authority.ts';

interface Held {
  readonly chunk: Buffer;
  readonly dueAt: number;
}

/** One connection, seen from the server: a socket that can be frozen and delayed. */
export class Link extends Duplex {
  /** How long what the server sends is held from now on. */
  delayMs = 0;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly #socket: Socket;
  readonly #clock: Clock;
  /** On its way to the client, oldest first. */
  readonly #held: Held[] = [];
  #frozen = false;
  /** Told once nothing is held any more. */
  #onSent: (() => void) | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(socket: Socket, clock: Clock, isPlain: boolean) {
    super();
    this.#socket = socket;
    this.#clock = clock;
    // HTTP/2 asks for these once the socket may be gone.
    this.remoteAddress = socket.remoteAddress;
    this.remotePort = socket.remotePort;
    // Under TLS there is nothing here that could be read.
    const repair = isPlain ? new AuthorityRepair() : undefined;
    socket.on('data', (chunk: Buffer) => {
      const bytes = repair?.push(chunk) ?? chunk;
      if (bytes.length > 0 && !this.push(bytes)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    // A reset is no failure of the server: the session ends either way.
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  freeze(): void {
    this.#frozen = true;
    this.#socket.pause();
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#socket.resume();
    this.#send();
  }

  override _read(): void {
    if (!this.#frozen) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#held.push({ chunk, dueAt: this.#clock.now() + this.delayMs });
    // A frozen link takes no more than it holds, so the server's queues fill as they do when a client stops reading.
    if (this.delayMs > 0) done();
    else this.#onSent = done;
    this.#send();
  }

  override _final(done: () => void): void {
    this.#onSent = () => this.#socket.end(done);
    this.#send();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#cancelTimer?.();
    this.#socket.destroy();
    done(error);
  }

  /** Sends what is due, and tells when that was all. */
  #send(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#frozen || this.destroyed) return;
    let room = true;
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      const waitMs = next.dueAt - this.#clock.now();
      if (waitMs > 0) {
        this.#cancelTimer = this.#clock.schedule(() => this.#send(), waitMs);
        return;
      }
      this.#held.shift();
      room = this.#socket.write(next.chunk);
    }
    const told = this.#onSent;
    this.#onSent = undefined;
    if (told === undefined) return;
    if (room) told();
    else this.#socket.once('drain', told);
  }
}
