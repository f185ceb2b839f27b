import type { FastifyReply } from 'fastify';

/**
 * A signal that aborts when the caller goes away before it has its answer.
 *
 * Not `request.signal`: that one follows the request's stream, which Node closes as soon as a body has been read, so it aborts
 * every POST at its beginning (Fastify 5.12, Node 24).
 */
export function callerGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
