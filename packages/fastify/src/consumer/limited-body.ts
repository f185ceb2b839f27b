import type { IncomingMessage } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';

import { BodyTooLargeError } from '../errors.ts';

/**
 * The body of a request on its way to a provider: no more than `limit` bytes of it, at the pace at which they are taken.
 *
 * Not the request itself: whoever gives up a stream destroys it, and with it would go the connection that the answer needs.
 */
export function limitedBody(request: IncomingMessage, limit: number): Transform {
  let bytes = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      bytes += chunk.length;
      if (bytes > limit) done(new BodyTooLargeError(limit));
      else done(null, chunk);
    },
  });
  request.on('error', (error) => body.destroy(error));
  request.on('close', () => {
    if (!request.complete) body.destroy(new Error('The body ended before it was complete'));
  });
  request.pipe(body);
  return body;
}

/** Whether the request has a body to pass on. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
