import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { History } from '../history.ts';
import { Child } from './child.ts';
import type { ClientAnswer, ClientLook, ClientOrder, ClientSettings, Load } from './orders.ts';

const main = fileURLToPath(new URL('client-main.ts', import.meta.url));
const lookEveryMs = 50;

export interface ClientOptions extends ClientSettings {
  /** Files to load before anything else. */
  readonly preload?: readonly string[];
  readonly netns?: string | undefined;
  /** Whether it collects its garbage before it is looked at, so that heaps can be compared. */
  readonly gc?: boolean;
}

/** A process that sends requests through the balancer, and remembers what it saw. */
export class Client implements AsyncDisposable {
  readonly #child: Child<ClientOrder, ClientAnswer>;

  private constructor(child: Child<ClientOrder, ClientAnswer>) {
    this.#child = child;
  }

  static async start({ preload = [], netns, gc = false, ...settings }: ClientOptions): Promise<Client> {
    const child = new Child<ClientOrder, ClientAnswer>({
      file: main,
      preload,
      netns,
      flags: gc ? ['--expose-gc'] : [],
    });
    await child.ask({ kind: 'open', settings });
    return new Client(child);
  }

  /** Begins to send. */
  async begin(load: Load): Promise<void> {
    await this.#child.ask({ kind: 'begin', load });
  }

  /** Sends no more, waits for what is under way, and returns what there was since the beginning. */
  async end(): Promise<History> {
    const answer = await this.#child.ask({ kind: 'end' });
    if (answer.kind !== 'records') throw new Error(`A client that was to end said "${answer.kind}"`);
    return new History(answer.records);
  }

  async look(): Promise<ClientLook> {
    const answer = await this.#child.ask({ kind: 'look' });
    if (answer.kind !== 'look') throw new Error(`A client that was looked at said "${answer.kind}"`);
    return answer.look;
  }

  /** Blocks its event loop. */
  async block(ms: number): Promise<void> {
    await this.#child.ask({ kind: 'block', ms });
  }

  /** Sets its clock. */
  async shiftClock(ms: number): Promise<void> {
    await this.#child.ask({ kind: 'shift', ms });
  }

  /** Looks until it sees what it waits for, and returns that; throws after `limitMs`. */
  async until(what: string, seen: (look: ClientLook) => boolean, limitMs: number): Promise<ClientLook> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const look = await this.look();
      if (seen(look)) return look;
      if (performance.now() > deadline)
        throw new Error(`The client did not see ${what} within ${limitMs} ms: ${JSON.stringify(look)}`);
      await after(lookEveryMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
  }
}
