import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isStreamed, ReplayBody } from './replay-body.ts';

/** A body whose chunks the test gives out one by one. */
function source() {
  const asked: PromiseWithResolvers<IteratorResult<unknown>>[] = [];
  const state = { reads: 0, returned: 0 };
  const body: AsyncIterable<unknown> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        state.reads += 1;
        const one = Promise.withResolvers<IteratorResult<unknown>>();
        asked.push(one);
        return one.promise;
      },
      return: () => {
        state.returned += 1;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  const give = async (value: unknown): Promise<void> => {
    asked.shift()!.resolve({ done: false, value });
    await turn();
  };
  const end = async (): Promise<void> => {
    asked.shift()!.resolve({ done: true, value: undefined });
    await turn();
  };
  const fail = async (error: unknown): Promise<void> => {
    asked.shift()!.reject(error);
    await turn();
  };
  return { body, state, give, end, fail };
}

/** Reads as undici does, and keeps what it got. */
function read(body: AsyncIterable<unknown>) {
  const got: { chunks: unknown[]; ended: boolean; error: unknown } = { chunks: [], ended: false, error: undefined };
  const done = (async () => {
    try {
      for await (const chunk of body) got.chunks.push(chunk);
      got.ended = true;
    } catch (error) {
      got.error = error;
    }
  })();
  return { got, done };
}

describe('a body that is read again', () => {
  it('begins anew, and goes on where the stream is', async () => {
    const { body, state, give, end } = source();
    const replay = new ReplayBody(body, 1000);
    const first = read(replay.open());
    await turn();
    await give('a');
    await give('b');
    const second = read(replay.open());
    await turn();
    await give('c');
    await end();
    expect(second.got).toEqual({ chunks: ['a', 'b', 'c'], ended: true, error: undefined });
    // It had asked for the third chunk, which was not lost on it. To end it well would send a body cut short.
    expect(first.got).toMatchObject({ chunks: ['a', 'b'], ended: false, error: expect.any(Error) });
    expect([state.reads, replay.replayable]).toEqual([4, true]);
  });

  it('is read as fast as it is asked for, and no faster', async () => {
    const { body, state, give } = source();
    const reader = new ReplayBody(body, 1000).open()[Symbol.asyncIterator]();
    await turn();
    expect(state.reads).toBe(0);
    const first = reader.next();
    await turn();
    await give('a');
    await first;
    await turn();
    expect(state.reads).toBe(1);
  });

  it('is spent once more has been read than may be kept', async () => {
    const { body, give, end } = source();
    const replay = new ReplayBody(body, 4);
    const { got } = read(replay.open());
    await turn();
    await give('1234');
    expect(replay.replayable).toBe(true);
    await give(Buffer.from('5'));
    expect(replay.replayable).toBe(false);
    await give('6789');
    await end();
    expect(got.chunks).toEqual(['1234', Buffer.from('5'), '6789']);
  });

  it('is not kept once there will be no other attempt', async () => {
    const { body, give } = source();
    const replay = new ReplayBody(body, 1000);
    const { got } = read(replay.open());
    await turn();
    await give('a');
    replay.commit();
    await give('b');
    expect([replay.replayable, got.chunks]).toEqual([false, ['a', 'b']]);
  });
});

it('gives each attempt the whole of what was sent, whenever it takes over', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 12 }),
      fc.array(fc.nat(12), { maxLength: 4 }),
      async (chunks, takeovers) => {
        const replay = new ReplayBody(chunks, 1000);
        for (const after of takeovers) {
          const reader = replay.open()[Symbol.asyncIterator]();
          for (let count = 0; count < after; count += 1) {
            const { done, value } = await reader.next();
            if (done === true) break;
            expect(value).toBe(chunks[count]);
          }
        }
        const { got, done } = read(replay.open());
        await done;
        expect(got).toEqual({ chunks, ended: true, error: undefined });
      },
    ),
  );
});

describe('a stream that fails', () => {
  it('fails every attempt, and is told from other errors', async () => {
    const { body, give, fail } = source();
    const replay = new ReplayBody(body, 1000);
    const first = read(replay.open());
    await turn();
    await give('a');
    const broken = new Error('disk');
    await fail(broken);
    expect([first.got.error, replay.error]).toEqual([broken, broken]);
    const second = read(replay.open());
    await second.done;
    expect(second.got).toEqual({ chunks: ['a'], ended: false, error: broken });
  });

  it('does not end the process while nobody reads it', async () => {
    const stream = new Readable({ read() {} });
    const replay = new ReplayBody(stream, 1000);
    stream.destroy(new Error('early'));
    await turn();
    const { got, done } = read(replay.open());
    await done;
    expect(got.error).toMatchObject({ message: 'early' });
  });

  it.each([[['k', 'v']], [42], [null]])('says so of a chunk that is no bytes: %j', async (chunk) => {
    const { got, done } = read(new ReplayBody([chunk], 1000).open());
    await done;
    expect(got.error).toBeInstanceOf(TypeError);
  });
});

describe('a request that is over', () => {
  it('ends a stream that is still going on', async () => {
    const { body, state } = source();
    const replay = new ReplayBody(body, 1000);
    const { got } = read(replay.open());
    await turn();
    replay.release();
    await turn();
    expect([state.returned, got.ended]).toEqual([1, false]);
  });

  it('destroys a Node stream that waits for data', async () => {
    const stream = new Readable({ read() {} });
    const replay = new ReplayBody(stream, 1000);
    read(replay.open());
    await turn();
    replay.release();
    expect(stream.destroyed).toBe(true);
  });

  it('leaves one alone that has ended, and does not mind what an ending one says', async () => {
    const { body, state, end } = source();
    const replay = new ReplayBody(body, 1000);
    read(replay.open());
    await turn();
    await end();
    replay.release();
    expect(state.returned).toBe(0);

    const grumpy = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => Promise.reject(new Error('no')),
      }),
    };
    const other = new ReplayBody(grumpy, 1000);
    read(other.open());
    await turn();
    other.release();
    await turn();
  });
});

it.each([
  ['nothing', null, false],
  ['a string', 'a', false],
  ['bytes', Buffer.from('a'), false],
  ['an ArrayBuffer', new ArrayBuffer(1), false],
  ['a Blob', new Blob(['a']), false],
  ['a form', new FormData(), false],
  ['a Node stream', new Readable(), true],
  ['a web stream', new ReadableStream(), true],
  ['a list of chunks', ['a'], true],
])('knows whether %s is read as a stream', (_what, body, streamed) => {
  expect(isStreamed(body)).toBe(streamed);
});
