import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Has requests that come behind each other on one connection wait for each other's answers, and none be dealt with behind an answer that closes
 * the connection (RFC 9112, section 9.6). Node begins them all at once: what somebody hides behind a request that is refused would
 * be done, though nobody is told.
 */
export function answerInOrder(app: FastifyInstance): void {
  const last = new WeakMap<Socket, ServerResponse>();
  app.addHook('onRequest', async ({ raw }: FastifyRequest, reply: FastifyReply) => {
    if (raw.httpVersionMajor >= 2) return;
    const { socket } = raw;
    const before = last.get(socket);
    last.set(socket, reply.raw);
    if (before === undefined || before.closed) return;
    await once(before, 'close');
    if (socket.writableEnded || socket.destroyed) reply.hijack();
  });
}
