import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { Link } from './link.ts';

/**
 * The wire between the clients and the server, where tests make it fail: below HTTP/2, so that pings go unanswered as they do
 * when a process is stopped, which no fault inside the server could imitate.
 */
export class Gate {
  readonly #clock: Clock;
  readonly #isPlain: boolean;
  readonly #links = new Set<Link>();
  #frozen = false;
  #delayMs = 0;

  /** `isPlain` tells that what passes is not encrypted. */
  constructor(clock: Clock, isPlain: boolean) {
    this.#clock = clock;
    this.#isPlain = isPlain;
  }

  /** What the server should talk to in place of `socket`. */
  admit(socket: Socket): Link {
    const link = new Link(socket, this.#clock, this.#isPlain);
    this.#links.add(link);
    link.once('close', () => this.#links.delete(link));
    link.delayMs = this.#delayMs;
    if (this.#frozen) link.freeze();
    return link;
  }

  /** Lets nothing through either way, on links that are there and on those to come; the kernel goes on accepting. */
  freeze(): void {
    this.#frozen = true;
    for (const link of this.#links) link.freeze();
  }

  /** Lets through what was held, and all that follows. */
  thaw(): void {
    this.#frozen = false;
    for (const link of this.#links) link.thaw();
  }

  /** Holds what the server sends for a while; its order stays. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
    for (const link of this.#links) link.delayMs = delayMs;
  }

  /** Breaks every link. What was on its way is lost. */
  drop(): void {
    for (const link of this.#links) link.destroy();
  }
}
