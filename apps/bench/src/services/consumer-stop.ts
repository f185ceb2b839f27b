import { setTimeout as after } from 'node:timers/promises';

import type { AppProcess } from './app-process.ts';
import { kinds, OpenLoop } from './open-loop.ts';
import { atMost, none, type Situation } from './promise.ts';
import { System } from './system.ts';

/** How often whatever stands in front asks for readiness: quicker than usual, and ten times in a linger of a second. */
const checkMs = 100;

export const consumerStop: Situation = {
  about: 'One of two consumers is asked to end under load; what stands in front goes by /readyz',
  async run({ scale, perSecond }) {
    await using system = await System.start();
    await system.providers(4);
    const consumers = await Promise.all(['one', 'two'].map((name) => system.consumer(name)));
    const front = new Front(consumers);
    const load = new OpenLoop({
      perSecond,
      next: (index) => ({
        origin: front.next(index),
        method: index % 3 === 0 ? 'POST' : 'GET',
        path: index % 3 === 0 ? '/svc/hash/hash' : `/hash?text=${index}`,
        ...(index % 3 === 0 && { body: JSON.stringify({ text: String(index) }) }),
      }),
    });
    await after(2000 * scale);
    const [first] = consumers;
    if (first === undefined) throw new Error('There are two consumers');
    const end = await first.stop();
    await after(1000 * scale);
    const sent = await load.stop();
    front.stop();
    return {
      promises: [
        none('no request fails', sent.filter(({ status }) => status !== 200).length, sent.length),
        none('it exits with 0', end.code === 0 ? 0 : 1, 1),
        atMost('it is gone after', end.afterMs, 5000, ' ms'),
      ],
      figures: { kinds: kinds(sent) },
    };
  },
};

/** What stands in front: sends to whoever said last that it is ready. */
class Front {
  readonly #consumers: readonly AppProcess[];
  #ready: readonly AppProcess[];
  #stopped = false;

  constructor(consumers: readonly AppProcess[]) {
    this.#consumers = consumers;
    this.#ready = consumers;
    for (const consumer of consumers) void this.#check(consumer);
  }

  next(index: number): string {
    return this.#ready[index % this.#ready.length]?.origin ?? '';
  }

  stop(): void {
    this.#stopped = true;
  }

  /** One question after the other: an old answer must not undo a newer one. */
  async #check(consumer: AppProcess): Promise<void> {
    while (!this.#stopped) {
      const ready = await consumer.ready();
      this.#ready = this.#consumers.filter((one) => (one === consumer ? ready : this.#ready.includes(one)));
      await after(checkMs);
    }
  }
}
