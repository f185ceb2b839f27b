/**
 * undici's contract, as its own Pool keeps it: each case is run with a Pool and with a balancer of one peer, and the handler has to
 * be told the same, in the same order.
 */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';

import { type Dispatcher, FormData, Pool } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';

import { AttemptsFailedError, channels, createBalancer } from '../src/index.ts';
import { RawProvider } from './support/raw-provider.ts';
import { untyped } from './support/untyped.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

type Options = Omit<Dispatcher.DispatchOptions, 'path' | 'method'> & { path?: string; method?: string; lb?: object };
type Controller = Dispatcher.DispatchController;

/** What the handler does when it is told something. */
interface Script {
  onStart?(controller: Controller): void;
  onAnswer?(controller: Controller, statusCode: number): void;
  onData?(controller: Controller): void;
  onEnd?(): void;
}

/** Dispatches, and resolves with all that the handler was told, once it was told an end and a moment has passed. */
async function told(dispatcher: Dispatcher, options: Options, script: Script = {}): Promise<string[]> {
  const events: string[] = [];
  const over = Promise.withResolvers<void>();
  const data: Buffer[] = [];
  const flush = (): void => {
    if (data.length > 0) events.push(`data ${Buffer.concat(data.splice(0)).toString()}`);
  };
  const code = (error: Error): string => {
    if (error instanceof AttemptsFailedError && error.cause instanceof Error) return code(error.cause);
    return 'code' in error ? String(error.code) : error.message;
  };
  dispatcher.dispatch(
    { path: '/', method: 'GET', ...options },
    {
      onRequestStart: (controller) => {
        events.push(`start ${controller.aborted} ${controller.paused} ${controller.reason?.message}`);
        script.onStart?.(controller);
      },
      onRequestUpgrade: (_controller, statusCode, headers, socket) => {
        events.push(`upgrade ${statusCode} ${JSON.stringify(headers)}`);
        socket.on('data', (chunk: Buffer) => {
          events.push(`socket ${chunk.toString()}`);
          socket.destroy();
          over.resolve();
        });
        socket.write('ping');
      },
      onResponseStart: (controller, statusCode, headers, statusText) => {
        const sent = Object.values(controller.rawHeaders ?? {}).join();
        events.push(`answer ${statusCode} ${statusText} ${JSON.stringify(headers)} ${sent}`);
        script.onAnswer?.(controller, statusCode);
      },
      onResponseData: (controller, chunk) => {
        data.push(chunk);
        script.onData?.(controller);
      },
      onResponseEnd: (controller, trailers) => {
        flush();
        events.push(`end ${JSON.stringify(trailers)} ${controller.aborted}`);
        over.resolve();
        script.onEnd?.();
      },
      onResponseError: (controller, error) => {
        flush();
        events.push(`error ${code(error)} ${controller?.aborted} ${controller?.reason?.message}`);
        over.resolve();
      },
    },
  );
  await over.promise;
  // Whatever a handler is told after its end is told soon, and would be a mistake.
  await after(20);
  return events;
}

/** Runs a case on both, and returns what the balancer's handler was told, which has to be what the Pool's was. */
async function same(origin: string, options: () => Options = () => ({}), script?: Script): Promise<string[]> {
  const pool = new Pool(origin);
  // The errors themselves, not those of attempts at somebody else.
  const balancer = createBalancer({ service: 'test', discovery: [origin], retry: false, announce: false });
  cleanUp.push(
    () => pool.destroy(),
    () => balancer.close(),
  );
  const expected = await told(pool, options(), script);
  const actual = await told(balancer.dispatcher, options(), script);
  expect(actual).toEqual(expected);
  return actual;
}

async function raw(answer: string | ((socket: Socket, head: string) => void | Promise<void>)): Promise<string> {
  const provider = await RawProvider.start(
    typeof answer === 'string' ? (socket) => void socket.write(answer, 'latin1') : answer,
  );
  cleanUp.push(() => provider.stop());
  return provider.endpoint.origin;
}

/** Reads requests and answers none; `onceAsked` is called back when the next one has come. */
async function silent(): Promise<{ origin: string; onceAsked: (then: () => void) => void }> {
  let asked = (): void => {};
  return { origin: await raw(() => asked()), onceAsked: (then) => void (asked = then) };
}

describe('an answer', () => {
  it.each([
    ['with a length', 'HTTP/1.1 200 OK\r\nX-A: 1\r\ncontent-length: 5\r\n\r\nhello'],
    [
      'in chunks, with trailers',
      'HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 7\r\n\r\n',
    ],
    [
      'with headers more than once',
      'HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nx-a: 1\r\nX-A: 2\r\ncontent-length: 0\r\n\r\n',
    ],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['that is not modified', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n'],
    [
      'after hints',
      'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    ],
    ['of a failure', 'HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\nno'],
    ['of a redirect', 'HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n'],
    ['until the connection ends', 'HTTP/1.0 200 OK\r\nx-a: 1\r\n\r\nhello'],
  ])('%s', async (_what, answer) => {
    const events = await same(
      await raw((socket) => {
        socket.write(answer, 'latin1');
        if (answer.startsWith('HTTP/1.0')) socket.end();
      }),
    );
    expect(events.at(-1)).toMatch(/^end/);
  });

  it('to HEAD', async () => {
    await same(await raw('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'), () => ({ method: 'HEAD' }));
  });

  it.each([
    ['breaks off', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello', true],
    ['breaks off in its head', 'HTTP/1.1 200 OK\r\ncontent-', true],
    ['never begins', '', true],
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', false],
    ['has two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!', false],
    [
      'has a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      false,
    ],
    ['has a chunk that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', false],
    ['goes on with 100', 'HTTP/1.1 100 Continue\r\n\r\n', false],
    ['upgrades unasked', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', false],
    ['has too large a head', `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(17_000)}\r\ncontent-length: 0\r\n\r\n`, false],
  ])('that %s', async (_what, answer, ends) => {
    const events = await same(
      await raw((socket) => {
        socket.write(answer, 'latin1', () => void (ends && socket.destroy()));
      }),
    );
    expect(events.at(-1)).toMatch(/^error/);
  });
});

describe('an upgrade', () => {
  it('hands over the connection', async () => {
    const origin = await raw((socket, head) => {
      expect(head).toMatch(/connection: upgrade\r\nupgrade: echo/);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\nx-a: 1\r\n\r\n');
      socket.once('data', (chunk) => socket.write(`got ${chunk.toString()}`));
    });
    expect(await same(origin, () => ({ upgrade: 'echo' }))).toContain('socket got ping');
  });

  it('that is not granted is an answer', async () => {
    await same(await raw('HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno'), () => ({ upgrade: 'echo' }));
  });

  it('by CONNECT', async () => {
    const origin = await raw((socket) => {
      socket.write('HTTP/1.1 200 Connection established\r\nx-a: 1\r\n\r\n');
      socket.once('data', (chunk) => socket.write(`got ${chunk.toString()}`));
    });
    expect(await same(origin, () => ({ method: 'CONNECT' }))).toContain('socket got ping');
  });
});

describe('a request', () => {
  async function echo(): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const { connection, host, ...rest } = headers;
        void [connection, host];
        // Boundaries of forms are made up anew for each.
        const body = Buffer.concat(chunks)
          .toString()
          .replaceAll(/-{4,}formdata-undici-\d+/g, 'boundary');
        rest['content-type'] = rest['content-type']?.replace(/boundary=.*/, 'boundary');
        response.sendDate = false;
        response.end(JSON.stringify({ method, url, rest, body }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUp.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  it.each<[string, () => Options]>([
    ['with a string', () => ({ method: 'POST', body: 'hello' })],
    ['with an empty string', () => ({ method: 'POST', body: '' })],
    ['with bytes', () => ({ method: 'PUT', body: Buffer.from('hello') })],
    ['with an ArrayBuffer', () => ({ method: 'PUT', body: untyped(new Uint8Array([104, 105]).buffer) })],
    ['with a stream', () => ({ method: 'POST', body: Readable.from(['a', 'b']) })],
    [
      'with a stream of stated length',
      () => ({ method: 'POST', headers: { 'content-length': '2' }, body: Readable.from(['a', 'b']) }),
    ],
    ['with an iterable', () => ({ method: 'POST', body: untyped(['a', 'b']) })],
    ['with an empty iterable', () => ({ method: 'POST', body: untyped([]) })],
    ['with a Blob', () => ({ method: 'POST', body: untyped(new Blob(['a'], { type: 'text/x' })) })],
    ['with a form', () => ({ method: 'POST', body: form() })],
    ['with a body that GET does not expect', () => ({ body: 'hello' })],
    ['with headers in an object', () => ({ headers: { A: '1', b: ['2', '3'], c: undefined } })],
    ['with headers in a list', () => ({ headers: ['A', '1', 'a', '2'] })],
    ['with headers in a Map', () => ({ headers: new Map([['A', '1']]) })],
    ['with a query', () => ({ path: '/a', query: { b: 'c d', e: ['1', '2'] } })],
    ['with another method', () => ({ method: 'PURGE' })],
    ['that closes its connection', () => ({ reset: true, headers: { connection: 'close' } })],
  ])('%s', async (_what, options) => {
    const events = await same(await echo(), options);
    expect(events.at(-1)).toMatch(/^end/);
  });

  function form(): FormData {
    const data = new FormData();
    data.set('a', '1');
    return data;
  }

  it.each<[string, () => Options]>([
    ['no header', () => ({ headers: { 'a b': '1' } })],
    ['no value', () => ({ headers: { a: 'b\r\nc: d' } })],
    ['two lengths', () => ({ headers: ['content-length', '1', 'content-length', '2'] })],
    ['its own chunks', () => ({ headers: { 'transfer-encoding': 'chunked' } })],
    ['an expectation', () => ({ headers: { expect: '100-continue' } })],
    ['the wrong length', () => ({ method: 'POST', headers: { 'content-length': '2' }, body: 'hello' })],
    [
      'the wrong length of a stream',
      () => ({ method: 'POST', headers: { 'content-length': '2' }, body: Readable.from(['hello']) }),
    ],
    ['no method', () => ({ method: 'GET /\r\n' })],
    ['a body that is none', () => ({ method: 'POST', body: untyped(5) })],
    ['a time-out that is none', () => ({ headersTimeout: -1 })],
  ])('that has %s is refused, and not held against the peer', async (_what, options) => {
    const pool = new Pool(await echo());
    const balancer = createBalancer({ service: 'test', discovery: [await echo()] });
    cleanUp.push(
      () => pool.destroy(),
      () => balancer.close(),
    );
    const outcomes: unknown[] = [];
    const stop = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));
    const [expected] = (await told(pool, options())).slice(-1);
    const actual = await told(balancer.dispatcher, options());
    stop();
    // undici looks at a request when it has it, we when there is a peer for it: by then the handler has its controller.
    expect(actual.at(-1)?.replace('false', 'undefined')).toEqual(expected?.replace('false', 'undefined'));
    expect(actual.at(-1)).toMatch(/^error UND_ERR/);
    expect(outcomes).toEqual(['ignored']);
  });

  it('whose stream fails', async () => {
    const body = (): Readable =>
      Readable.from(
        (async function* () {
          yield 'a';
          await after(5);
          throw new Error('disk');
        })(),
      );
    const events = await same(await echo(), () => ({ method: 'POST', body: body() }));
    expect(events.at(-1)).toMatch(/^error disk/);
  });

  it('that is answered before all of it was sent', async () => {
    const slow = async function* (): AsyncGenerator<string> {
      yield 'a';
      await after(50);
      yield 'b';
    };
    await same(await raw('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n'), () => ({
      method: 'POST',
      body: Readable.from(slow()),
    }));
  });
});

describe('a caller', () => {
  const two = async (): Promise<string> =>
    raw(async (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab');
      await after(20);
      socket.write('cd');
    });

  it('aborts before the request is sent', async () => {
    await same(await two(), undefined, { onStart: (controller) => controller.abort(new Error('no')) });
  });

  it('aborts before there is an answer', async () => {
    const { origin, onceAsked } = await silent();
    await same(origin, undefined, { onStart: (controller) => onceAsked(() => controller.abort(new Error('gone'))) });
  });

  it('aborts without a reason', async () => {
    const { origin, onceAsked } = await silent();
    await same(origin, undefined, { onStart: (controller) => onceAsked(() => controller.abort(untyped(undefined))) });
  });

  it('aborts when the answer begins, and in the middle of it', async () => {
    const origin = await two();
    await same(origin, undefined, { onAnswer: (controller) => controller.abort(new Error('seen')) });
    await same(origin, undefined, { onData: (controller) => controller.abort(new Error('enough')) });
  });

  it('pauses and resumes', async () => {
    const pause = (controller: Controller): void => {
      controller.pause();
      setTimeout(() => controller.resume(), 10);
    };
    const events = await same(await two(), undefined, { onAnswer: pause, onData: pause });
    expect(events.slice(-2)).toEqual(['data abcd', 'end {} false']);
  });

  it.each(['onStart', 'onAnswer', 'onData', 'onEnd'] as const)('throws in %s', async (name) => {
    const events = await same(await two(), undefined, {
      [name]: () => {
        throw new Error('mine');
      },
    });
    expect(events.at(-1)).toMatch(/^error mine/);
  });
});
