/** TLS and HTTP/2 to peers. */
import { readFileSync } from 'node:fs';
import {
  constants,
  createSecureServer,
  createServer as createH2c,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { Server } from 'node:net';

import { describe, expect, it } from 'vitest';

import { after, balance } from './support/setup.ts';
import { untyped } from './support/untyped.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const key = fixture('key.pem');
const cert = fixture('cert.pem');
const tls = { ca: cert };

async function listen(server: Server, scheme: 'http' | 'https'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `${scheme}://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** A provider that speaks HTTP/1.1 over TLS, and what names it was asked by. */
async function secure(): Promise<{ origin: string; names: unknown[]; hosts: unknown[] }> {
  const names: unknown[] = [];
  const hosts: unknown[] = [];
  const server = createHttps({ key, cert }, (request, response) => {
    names.push(Reflect.get(request.socket, 'servername'));
    hosts.push(request.headers.host);
    response.end('secure');
  });
  after(() => (server.closeAllConnections(), server.close()));
  return { origin: await listen(server, 'https'), names, hosts };
}

/** A provider that speaks HTTP/2, over TLS or without. */
async function http2(options: { cleartext?: boolean; streams?: number } = {}) {
  const { cleartext = false, streams = 100 } = options;
  const settings = { settings: { maxConcurrentStreams: streams } };
  const sessions = new Set<ServerHttp2Session>();
  const seen = { sessions: 0, most: 0, versions: new Set<string>() };
  let now = 0;
  const server: Http2Server = cleartext
    ? createH2c(settings)
    : createSecureServer({ key, cert, allowHTTP1: true, ...settings });
  server.on('session', (session: ServerHttp2Session) => {
    seen.sessions += 1;
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  let answer = (_path: string | undefined, end: (body: string) => void, _stream: ServerHttp2Stream | undefined): void =>
    void setTimeout(() => end('two'), 10);
  server.on('request', (request, response) => {
    now += 1;
    seen.most = Math.max(seen.most, now);
    seen.versions.add(request.httpVersion);
    answer(request.url, (body) => ((now -= 1), response.end(body)), request.stream);
  });
  after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const origin = await listen(untyped(server), cleartext ? 'http' : 'https');
  return { origin, seen, sessions, onRequest: (given: typeof answer) => void (answer = given) };
}

async function texts(count: number, ask: () => Promise<{ body: { text(): Promise<string> } }>): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => ask().then(({ body }) => body.text())));
}

describe('TLS', () => {
  it('checks that the certificate names the address, or the name that it is told', async () => {
    const { origin, names } = await secure();
    const plain = balance({ over: [origin], tls });
    expect(await texts(1, () => plain.request('/'))).toEqual(['secure']);
    const named = balance({
      over: [origin],
      tls: ({ metadata }) => ({ ...tls, servername: metadata['name'] ?? 'hash.internal' }),
    });
    expect(await texts(1, () => named.request('/'))).toEqual(['secure']);
    expect(names).toEqual([false, 'hash.internal']);
    const wrong = balance({ over: [origin], tls: { ...tls, servername: 'other.internal' } });
    await expect(wrong.request('/')).rejects.toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
    const untrusting = balance({ over: [origin] });
    await expect(untrusting.request('/')).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  });

  it('keeps a connection whatever the host header says', async () => {
    const { origin, names, hosts } = await secure();
    const balancer = balance({ over: [origin], tls, connectionsPerPeer: 1 });
    for (const host of ['a.example', 'b.example', 'a.example']) {
      await (await balancer.request('/', { headers: { host } })).body.dump();
    }
    expect([hosts, names]).toEqual([
      ['a.example', 'b.example', 'a.example'],
      [false, false, false],
    ]);
  });

  it('goes to the next peer when one cannot show who it is', async () => {
    const [right, wrong] = [await secure(), await secure()];
    const balancer = balance({
      over: [right.origin, wrong.origin],
      tls: ({ origin }) => ({ ...tls, servername: origin === right.origin ? 'hash.internal' : 'other.internal' }),
    });
    expect(await texts(8, () => balancer.request('/', { method: 'POST' }))).toEqual(Array(8).fill('secure'));
  });
});

describe('HTTP/2', () => {
  it('is not spoken unless it is asked for', async () => {
    const provider = await http2();
    const balancer = balance({ over: [provider.origin], tls });
    await texts(2, () => balancer.request('/'));
    expect([...provider.seen.versions]).toEqual(['1.1']);
  });

  it('shares a connection among requests, which are as many as it is told', async () => {
    const provider = await http2();
    const balancer = balance({ over: [provider.origin], tls, http2: { streams: 20 } });
    expect(await texts(60, () => balancer.request('/'))).toEqual(Array(60).fill('two'));
    expect(await texts(60, () => balancer.request('/'))).toEqual(Array(60).fill('two'));
    expect(provider.seen).toMatchObject({ most: 20, versions: new Set(['2.0']) });
    // undici opens another when a stream is taken up again in the moment in which it ends.
    expect(provider.seen.sessions).toBeLessThanOrEqual(2);
  });

  it('is spoken without TLS only if that is asked for', async () => {
    const provider = await http2({ cleartext: true });
    const balancer = balance({ over: [provider.origin], http2: { cleartext: true } });
    expect(await texts(5, () => balancer.request('/'))).toEqual(Array(5).fill('two'));
    expect([...provider.seen.versions]).toEqual(['2.0']);
  });

  it('is spoken with those that speak it, and HTTP/1.1 with the others', async () => {
    const [one, two] = [await secure(), await http2()];
    const balancer = balance({ over: [one.origin, two.origin], tls, http2: true });
    const said = await texts(30, () => balancer.request('/'));
    expect(new Set(said)).toEqual(new Set(['secure', 'two']));
  });

  it.each([false, true])('goes on when callers send what may not be sent (cleartext: %s)', async (cleartext) => {
    const provider = await http2({ cleartext });
    const balancer = balance({ over: [provider.origin], tls, http2: { cleartext }, connectionsPerPeer: 2 });
    const refuse = async (): Promise<void> => {
      await expect(balancer.request('/', { headers: { 'no token': '1' } })).rejects.toThrow('invalid header key');
    };
    for (let time = 0; time < 3; time += 1) await refuse();
    expect(await texts(1, () => balancer.request('/'))).toEqual(['two']);
    for (let time = 0; time < 3; time += 1) await refuse();
    expect(await texts(3, () => balancer.request('/'))).toEqual(['two', 'two', 'two']);
    expect(provider.seen.sessions).toBe(1);
  });

  it('is not spoken for callers that cannot do with it', async () => {
    const provider = await http2();
    const balancer = balance({ over: [provider.origin], tls, http2: true });
    const response = await globalThis.fetch('http://any.example/', untyped({ dispatcher: balancer.legacyDispatcher }));
    expect(await response.text()).toBe('two');
    expect(await (await balancer.fetch('/')).text()).toBe('two');
    expect([...provider.seen.versions]).toEqual(['1.1', '2.0']);
  });

  it('sends a request elsewhere that a peer did not take on, whatever the method', async () => {
    const [leaving, staying] = [await http2(), await http2()];
    const balancer = balance({ over: [leaving.origin, staying.origin], tls, http2: true });
    await texts(8, () => balancer.request('/'));
    leaving.onRequest((_path, _end, stream) => stream?.close(constants.NGHTTP2_REFUSED_STREAM));
    expect(await texts(8, () => balancer.request('/', { method: 'POST', body: 'x' }))).toEqual(Array(8).fill('two'));
  });

  it('loses nothing when a peer closes its connections in good order', async () => {
    const [leaving, staying] = [await http2(), await http2()];
    const balancer = balance({ over: [leaving.origin, staying.origin], tls, http2: true });
    const post = () => balancer.request('/', { method: 'POST', body: 'x' });
    // In the middle of each round: with the first request there that this one takes on.
    let closes = true;
    leaving.onRequest((_path, end) => {
      if (closes) leaving.sessions.forEach((session) => session.close());
      closes = false;
      end('two');
    });
    for (let round = 0; round < 5; round += 1) {
      closes = true;
      expect(await texts(20, post)).toEqual(Array(20).fill('two'));
      expect(closes).toBe(false);
    }
  });

  it('loses one request, and not its connection, when an attempt is given up', async () => {
    const provider = await http2();
    provider.onRequest((path, end) => {
      if (path !== '/slow') end('two');
    });
    const balancer = balance({ over: [provider.origin], tls, http2: true });
    expect(await texts(1, () => balancer.request('/'))).toEqual(['two']);
    const slow = balancer.request('/slow', { method: 'POST', lb: { timeoutMs: 50 } });
    await expect(slow).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    expect(await texts(3, () => balancer.request('/'))).toEqual(Array(3).fill('two'));
    expect(provider.seen.sessions).toBe(1);
  });
});
