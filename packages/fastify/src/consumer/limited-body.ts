import type { IncomingMessage } from 'node:http';
import { Http2ServerRequest } from 'node:http2';
import { Transform, type TransformCallback } from 'node:stream';

import { BodyTooLargeError } from '../errors.ts';

export interface BodyLimits {
  /** Most bytes in all. */
  readonly limit: number;
  /** Bytes to wait for before the body is passed on, or its end. */
  readonly hold: number;
}

/**
 * The body of a request, as it is to be passed on: whole where it is short, as a stream where it is long, `null` where there is none.
 *
 * The beginning is waited for here, so that a caller that drips it costs a connection of ours and nothing of a provider's: no
 * connection, no slot, and no blame for taking so long. What is held whole can be sent again, too. Rejects with `BodyTooLargeError`, and when the
 * caller goes away.
 */
export async function receiveBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer | Transform | null> {
  if (!hasBody(request)) return null;
  const body = new LimitedBody(limits);
  // Not the request itself: whoever gives up a stream destroys it, and with it would go the connection that the answer needs.
  request.on('error', (error) => body.destroy(error));
  const broken = (): void => void body.destroy(new Error('The body ended before it was complete'));
  request.on('close', () => {
    if (!request.complete) broken();
  });
  // One of HTTP/2 whose connection is lost ends like a whole one, and calls itself complete.
  request.on('aborted', broken);
  request.pipe(body);
  return limits.hold > 0 && (await body.whole) ? wholeOf(body) : body;
}

/**
 * Reads what is left of a body that nobody wants, for a second at most. A connection that is closed on what has not been read is reset, and
 * a reset takes along an answer that its caller has not read yet.
 */
export async function discardBody(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lingerMs);
  request.unpipe();
  request.on('end', resolve).on('close', resolve).resume();
  await over;
  clearTimeout(timer);
}

const lingerMs = 1000;

class LimitedBody extends Transform {
  /** Resolves with whether all of it is here, once that or as much as is to be held has come. */
  readonly whole: Promise<boolean>;
  readonly #limit: number;
  readonly #hold: number;
  readonly #held = Promise.withResolvers<boolean>();
  #bytes = 0;

  constructor({ limit, hold }: BodyLimits) {
    super({ readableHighWaterMark: Math.max(hold, 16_384) });
    this.#limit = limit;
    this.#hold = hold;
    this.whole = this.#held.promise;
    // Whoever waits, and whoever reads, is told as well; where nobody does it must not end the process.
    this.whole.catch(() => {});
    this.on('error', () => {});
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit) {
      done(new BodyTooLargeError(this.#limit));
      return;
    }
    this.push(chunk);
    if (this.#bytes >= this.#hold) this.#held.resolve(false);
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#held.resolve(true);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#held.reject(error ?? new Error('The body was given up'));
    done(error);
  }
}

function wholeOf(body: Transform): Buffer {
  const read: unknown = body.read();
  return Buffer.isBuffer(read) ? read : Buffer.alloc(0);
}

function hasBody(request: IncomingMessage | Http2ServerRequest): boolean {
  // HTTP/2 need not say how long it is (RFC 9113 §8.1.1), and has no transfer-encoding.
  if (request instanceof Http2ServerRequest) return !request.stream.endAfterHeaders;
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
