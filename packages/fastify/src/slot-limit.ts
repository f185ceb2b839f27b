/**
 * So many requests at once, a queue before them, and a quick no to the rest.
 *
 * What a provider cannot carry is refused while it costs nothing: before the body is read where the queue is full already, and before
 * the handler in any case, with a 503 that says that nothing was done (`x-lb-nack: overload`), so that a balancer may send a POST
 * elsewhere, too. A slot is taken once the body is there: whoever sends it slowly holds a connection, and nobody's slot.
 */
import { checkNumber } from '@lb/core';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import { DeadlinePassedError } from './errors.ts';
import { isWork, refusal } from './refuse.ts';
import { stateOf } from './service-state.ts';
import { Slots } from './slots.ts';

/** How much the service works on at once, and how much may wait. */
export interface SlotLimitOptions {
  /** Requests worked on at once. What the machine carries at the latency you promise: slots = requests a second × seconds each. */
  readonly slots: number;
  /**
   * Requests that may wait for a slot; further ones are refused. Defaults to as many as there are slots: a wait of one more request's
   * time. Longer queues only make late answers later.
   */
  readonly queue?: number | undefined;
}

/** @throws {InvalidOptionError} */
export const slotLimit: FastifyPluginAsync<SlotLimitOptions> = fp(
  async (app: FastifyInstance, options: SlotLimitOptions) => {
    const limit = checkNumber('slots', options.slots, { min: 1, integer: true });
    const slots = new Slots(limit, checkNumber('queue', options.queue ?? limit, { min: 0, integer: true }));
    stateOf(app).slots = slots;
    const held = new WeakMap<FastifyRequest, Held>();

    app.addHook('onRequest', async (request, reply) => {
      if (isWork(request) && slots.full) throw refusal(request, reply, 'slots');
    });
    app.addHook('preHandler', async (request, reply) => {
      if (!isWork(request)) return;
      const { signal } = request.lb;
      const release = await slots.take(signal);
      if (release === undefined) {
        throw signal.reason instanceof DeadlinePassedError ? signal.reason : refusal(request, reply, 'slots');
      }
      held.set(request, new Held(reply, release));
    });
    app.addHook('onSend', async (request) => held.get(request)?.answered());
  },
  { name: '@lb/fastify-slot-limit', fastify: '5.x', dependencies: ['@lb/fastify-lame-duck'] },
);

/** A slot is held until the answer is out; when the caller went away before, until the handler is done. */
class Held {
  #release: (() => void) | undefined;
  #answered = false;
  #closed = false;

  constructor({ raw }: FastifyReply, release: () => void) {
    this.#release = release;
    raw.once('close', () => {
      this.#closed = true;
      // Answered past Fastify, as after `reply.hijack()`.
      if (raw.headersSent) this.#answered = true;
      this.#settle();
    });
  }

  answered(): void {
    this.#answered = true;
    this.#settle();
  }

  #settle(): void {
    if (!this.#answered || !this.#closed) return;
    this.#release?.();
    this.#release = undefined;
  }
}
