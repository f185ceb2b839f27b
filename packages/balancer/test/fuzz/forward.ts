/**
 * Bytes of a client, through Node's parser, the rules for headers and paths, undici, and Node's parser again, all in memory: what a
 * proxy made of our parts passes to a provider.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { Client } from 'undici';

import { proxyRequestHeaders } from '../../src/headers/proxy-headers.ts';
import { isTarget } from '../../src/target.ts';
import { untyped } from '../support/untyped.ts';

const providerHost = 'provider.internal:8080';
/** What a provider must never see from outside, whatever the spelling. */
const forbidden =
  /^(?:keep-alive|proxy-.*|te|trailer|upgrade|http2-settings|expect|forwarded|via|x-real-ip|x-forwarded-.*|x-original-url|x-rewrite-url|x-lb-.*)$/;
/** Everything is in memory, so what has not happened after so many turns of the event loop will not happen. */
const idleTurns = 8;

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** Returns how many requests were passed on, and why others were not. @throws {AssertionError} */
export async function forward(input: Buffer): Promise<string> {
  const proxy = new Proxy();
  const outside = connectTo(proxy.server);
  outside.resume();
  outside.write(input);
  let [idle, last] = [0, -1];
  while (idle < idleTurns) {
    // oxlint-disable-next-line eslint/no-await-in-loop -- turns of the event loop come one after the other
    await turn();
    idle = proxy.events === last ? idle + 1 : 0;
    last = proxy.events;
  }
  outside.destroy();
  await proxy.close();
  check(proxy.asked, proxy.provided);
  return `${proxy.provided.length} passed on, refused: ${[...new Set(proxy.refused)].join(' ')}`;
}

function check(asked: readonly Seen[], provided: readonly Seen[]): void {
  assert.ok(provided.length <= asked.length, `${asked.length} requests became ${provided.length}`);
  let from = 0;
  for (const seen of provided) {
    const same = asked.findIndex((one, index) => index >= from && one.url === seen.url && one.method === seen.method);
    assert.ok(same >= 0, `nobody asked for ${seen.method} ${seen.url}`);
    from = same + 1;
    assert.equal(seen.body, asked[same]?.body);
    for (const [index, header] of seen.rawHeaders.entries()) {
      if (index % 2 === 1) continue;
      assert.doesNotMatch(header.toLowerCase(), forbidden);
      if (header.toLowerCase() === 'host') assert.equal(seen.rawHeaders[index + 1], providerHost);
    }
  }
}

class Proxy {
  readonly asked: Seen[] = [];
  readonly provided: Seen[] = [];
  readonly refused: string[] = [];
  /** Changes whenever something has happened. */
  events = 0;
  readonly server: Server;
  readonly #client: Client;

  constructor() {
    const provider = createServer((request, response) => void this.#answer(request, response));
    provider.on('clientError', () => this.#refuse('provider'));
    this.#client = new Client(`http://${providerHost}`, {
      connect: (_options, callback) => callback(null, untyped(Object.assign(connectTo(provider), socketMethods))),
    });
    this.server = createServer((request, response) => void this.#pass(request, response));
    this.server.on('clientError', (error: Error & { code?: string }, socket) => {
      this.#refuse(error.code ?? error.name);
      socket.destroy();
    });
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await this.#seen(request);
    if (seen === undefined) return;
    const { url: path, method, body } = seen;
    if (!isTarget(path)) {
      this.#refuse('path');
      response.writeHead(400).end();
      return;
    }
    this.asked.push(seen);
    try {
      const headers = proxyRequestHeaders(request.rawHeaders, { allow: 'all' });
      const answer = await this.#client.request({
        path,
        method: untyped(method),
        headers,
        body: body === '' ? null : body,
      });
      await answer.body.dump();
      this.events += 1;
      response.writeHead(answer.statusCode).end();
    } catch (error) {
      this.#refuse(error instanceof Error && 'code' in error ? String(error.code) : String(error));
      response.writeHead(502).end();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await this.#seen(request);
    if (seen === undefined) return;
    this.provided.push(seen);
    response.end();
  }

  /** The request with its body; `undefined` when it never ends. */
  async #seen(request: IncomingMessage): Promise<Seen | undefined> {
    this.events += 1;
    const { method = '', url = '', rawHeaders } = request;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) {
        this.events += 1;
        chunks.push(chunk);
      }
    } catch {
      return undefined;
    }
    this.events += 1;
    return { method, url, rawHeaders, body: Buffer.concat(chunks).toString('latin1') };
  }

  #refuse(why: string): void {
    this.events += 1;
    this.refused.push(why);
  }
}

function connectTo(server: Server): Duplex {
  const [near, far] = duplexPair();
  near.on('error', () => {});
  far.on('error', () => {});
  server.emit('connection', far);
  return near;
}

/** What undici calls on a socket besides reading and writing. */
const nothing = (): void => {};
const socketMethods = { ref: nothing, unref: nothing, setNoDelay: nothing, setKeepAlive: nothing, setTimeout: nothing };
