import type { FastifyReply, FastifyRequest } from 'fastify';

/** Has the connection closed once the answer is out. HTTP/2 has no such header, and closes by itself: its server sends GOAWAY when it closes. */
export function closeAfter({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.httpVersionMajor < 2) reply.header('connection', 'close');
}
