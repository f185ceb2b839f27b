/**
 * A request body that comes as a stream, for more than one attempt: what has been read of it is kept, up to a limit, and read again
 * by the next attempt, which then goes on where the stream is.
 *
 * `fetch` makes a stream of every body, so without this no request of `fetch` that has a body could be tried again. The stream itself
 * is read by us alone, one chunk at a time and only when an attempt asks: back-pressure goes all the way through, and no attempt that
 * was given up can take a chunk away from the next.
 *
 * The limit is Linkerd's (64 KiB): past it a body is spent by the attempt that reads it, and nothing is kept.
 */
import type { Readable } from 'node:stream';

/** Anything that undici reads as a stream. */
export type BodySource = AsyncIterable<unknown> | Iterable<unknown>;

export class ReplayBody {
  readonly #source: BodySource;
  readonly #limit: number;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  /** What was read and is still kept; the first is chunk number `#dropped`. */
  #chunks: unknown[] = [];
  #dropped = 0;
  #bytes = 0;
  #ended = false;
  #error: Error | undefined;
  #reading: Promise<void> | undefined;
  #reader: object | undefined;
  /** Whether there will be another attempt to keep anything for. */
  #keep = true;

  constructor(source: BodySource, limit: number) {
    this.#source = source;
    this.#limit = limit;
    // A stream that fails while nobody reads it yet is found out when somebody does; until then it must not end the process.
    if (isNodeStream(source)) source.on('error', () => {});
  }

  /** Whether it can be read once more from its beginning. */
  get replayable(): boolean {
    return this.#dropped === 0;
  }

  /** What went wrong with the stream itself. That is nobody's fault but the caller's. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** The body from its beginning, for one attempt. Whoever read it before gets no more. */
  open(): AsyncIterable<unknown> {
    const reader = {};
    this.#reader = reader;
    return this.#read(reader);
  }

  /** There will be no other attempt: what is read from now on is not kept. */
  commit(): void {
    this.#keep = false;
  }

  /** The request is over: lets go of the stream, which ends it if it is still going on. */
  release(): void {
    this.#keep = false;
    this.#reader = undefined;
    this.#chunks = [];
    if (this.#ended) return;
    this.#ended = true;
    // A stream that waits for data would put off the end of an iteration until there is some.
    if (isNodeStream(this.#source)) this.#source.destroy();
    else void end(this.#iterator);
  }

  async *#read(reader: object): AsyncGenerator<unknown, void> {
    for (let position = 0; ; position += 1) {
      while (this.#reader === reader && position === this.#dropped + this.#chunks.length) {
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return;
        await this.#next();
      }
      // Ended by an error and not by a return, or a body cut short would go out as if that were all of it.
      if (this.#reader !== reader) throw new Error('The attempt that read this body was given up');
      const chunk = this.#chunks[position - this.#dropped];
      if (!this.#keep || this.#bytes > this.#limit) {
        this.#chunks.splice(0, position + 1 - this.#dropped);
        this.#dropped = position + 1;
      }
      yield chunk;
    }
  }

  /** Reads one more chunk, once, however many wait for it. */
  #next(): Promise<void> {
    this.#reading ??= this.#pull().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #pull(): Promise<void> {
    try {
      this.#iterator ??= iterate(this.#source);
      const { done, value } = await this.#iterator.next();
      if (done === true) {
        this.#ended = true;
      } else {
        this.#bytes += byteLength(value);
        this.#chunks.push(value);
      }
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error('The body of the request failed', { cause: error });
    }
  }
}

/** Whether `body` is read as a stream. All else that undici takes can be sent any number of times. */
export function isStreamed(body: unknown): body is BodySource {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body) || body instanceof ArrayBuffer)
    return false;
  const kind: unknown = Reflect.get(body, Symbol.toStringTag);
  if (kind === 'FormData' || kind === 'Blob' || kind === 'File') return false;
  return Symbol.asyncIterator in body || Symbol.iterator in body;
}

function iterate(source: BodySource): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

function isNodeStream(source: BodySource): source is Readable {
  return (
    'destroy' in source && typeof source.destroy === 'function' && 'on' in source && typeof source.on === 'function'
  );
}

function byteLength(chunk: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk);
  if (ArrayBuffer.isView(chunk)) return chunk.byteLength;
  throw new TypeError('The body of a request must be made of strings and byte arrays');
}

/** Ends an iteration early. What it has to say to that, nobody asked for. */
async function end(iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined): Promise<void> {
  try {
    await iterator?.return?.();
  } catch {
    // The request is over.
  }
}
