import { createServer } from 'node:net';

import { type Consumer, type RawAnswer, statusOf } from '../../processes/consumer.ts';
import type { Provider } from '../../processes/provider.ts';
import { type Finding, least, most, type Row } from '../../row.ts';

const waitMs = 3000;
const crlf = '\r\n';

function request(line: string, ...headers: readonly string[]): string {
  return [line, ...headers, '', ''].join(crlf);
}

const post = 'POST /hash HTTP/1.1';
const json = 'content-type: application/json';
const host = 'host: a';
const hidden = request('GET /hash?text=smuggled HTTP/1.1', host);

/** Bodies that are not what they should be. */
const bodies: readonly string[] = [
  '',
  '{',
  '[',
  'null',
  '"a"',
  '{"text":}',
  '{"text":{}}',
  '{"text":"a","rounds":-1}',
  '{"text":"a","rounds":1e99}',
  '{"text":"a","algorithm":"none"}',
  '{"__proto__":{"text":"a"}}',
  '{"text":"a","__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}},"text":"a"}',
  '{"text":"a"',
  '\u0000',
  '['.repeat(5000),
];

/** Requests that two readers may take for different ones, each with another one hidden behind it. */
const smuggled: readonly string[] = [
  request(post, host, json, 'content-length: 13', 'transfer-encoding: chunked') + `0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'transfer-encoding: chunked', 'content-length: 3') + `0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'content-length: 2', 'content-length: 100') + `{}${hidden}`,
  request(post, host, json, 'content-length: 2, 100') + `{}${hidden}`,
  request(post, host, json, 'content-length: +2') + `{}${hidden}`,
  request(post, host, json, 'content-length: -1') + hidden,
  request(post, host, json, 'content-length: 0x2') + `{}${hidden}`,
  request(post, host, json, 'content-length : 2') + `{}${hidden}`,
  request(post, host, json, 'content-length: 2 ', ' x: folded') + `{}${hidden}`,
  request(post, host, json, 'transfer-encoding: xchunked') + `0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'transfer-encoding : chunked') + `0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'transfer-encoding: chunked, identity') + `0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'transfer-encoding: identity', 'transfer-encoding: chunked', 'content-length: 2') +
    `0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'Transfer-Encoding:\x0bchunked') + `0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'transfer-encoding: chunked') + `1;${'a'.repeat(20)}\n{${crlf}0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'transfer-encoding: chunked') + `0x1${crlf}{${crlf}0${crlf}${crlf}${hidden}`,
  request(post, host, json, 'transfer-encoding: chunked') + `-1${crlf}${crlf}${hidden}`,
  request(post, host, json, 'transfer-encoding: chunked') + `fffffffffffffffff${crlf}${crlf}${hidden}`,
  `${post}\n${host}\n${json}\ncontent-length: 2\n\n{}${hidden}`,
  request(post, 'host: a', 'host: b', json, 'content-length: 0') + hidden,
  request(post, json, 'content-length: 2') + `{}${hidden}`,
  request('POST /hash HTTP/1.0', host, json, 'transfer-encoding: chunked') + `0${crlf}${crlf}${hidden}`,
  request('POST /hash HTTP/0.9', host) + hidden,
  request('POST /hash HTTP/2.0', host) + hidden,
  request('POST /hash', host) + hidden,
  request('POST  /hash HTTP/1.1', host, json, 'content-length: 0') + hidden,
  request(`POST /hash?a=b c HTTP/1.1`, host, json, 'content-length: 0') + hidden,
  request(post, host, json, 'x: a\rb', 'content-length: 2') + `{}${hidden}`,
  request(post, host, json, 'x: a\u0000b', 'content-length: 2') + `{}${hidden}`,
  request(post, host, ' content-length: 2') + `{}${hidden}`,
  request(post, host, json, `x: ${'a'.repeat(20_000)}`) + hidden,
  request('CONNECT 127.0.0.1:9 HTTP/1.1', host) + hidden,
  request('TRACE /hash?text=a HTTP/1.1', host),
  `\u0016\u0003\u0001\u0002\u0000${hidden}`,
  `PRI * HTTP/2.0${crlf}${crlf}SM${crlf}${crlf}`,
];

export const badRequests: Row = {
  name: 'http/bad-requests',
  fault: `The consumer is sent ${bodies.length} bodies that are no requests, and ${smuggled.length} heads that two readers may take for different requests, each with another request hidden behind it`,
  promise:
    'Refused with a 4xx, or, for CONNECT, closed; without a stack; nothing hidden is answered or reaches a provider; it goes on serving',
  quick: true,
  async run(stage) {
    const { consumer, providers } = await stage.consumerSystem({ providers: 1 });
    const before = await reached(providers);
    const answers = [
      ...(await Promise.all(
        bodies.map((body) =>
          consumer.send(
            request(post, host, json, 'connection: close', `content-length: ${Buffer.byteLength(body)}`) + body,
            waitMs,
          ),
        ),
      )),
      ...(await Promise.all(smuggled.map((bytes) => consumer.send(bytes, waitMs)))),
    ];
    const silent = answers.filter((answer) => statusOf(answer) === 0);
    const wrong = answers.filter(
      (answer) => statusOf(answer) !== 0 && (statusOf(answer) < 400 || statusOf(answer) >= 500),
    );
    return [
      // Node closes the connection of a CONNECT that nobody wants.
      most('closed without an answer', 1, silent.length),
      most('left open without an answer', 0, silent.filter(({ closedMs }) => Number.isNaN(closedMs)).length),
      most('answered other than with 4xx', 0, wrong.length, wrong.map(({ text }) => text.slice(0, 40)).join(', ')),
      most(
        'answers with a stack',
        0,
        answers.filter(({ text }) => /\bat .*\.(ts|js):\d+|node_modules/.test(text)).length,
      ),
      most('answers to what was hidden', 0, answers.filter(({ text }) => text.includes('"hash":')).length),
      most('requests that reached a provider', 0, (await reached(providers)) - before),
      ...(await alive(consumer)),
    ];
  },
};

/** Targets that mean another place to one reader or another. */
function targets(canary: number): readonly string[] {
  const there = `127.0.0.1:${canary}`;
  return [
    `http://${there}/`,
    `http://${there}/hash?text=a`,
    `//${there}/`,
    `///${there}/`,
    `/\\${there}/`,
    `\\\\${there}\\`,
    `/@${there}/`,
    `@${there}/`,
    `/hash@${there}`,
    `/svc/${there}/`,
    `/svc//${there}/`,
    `/svc/hash//${there}/`,
    `/svc/hash/\\${there}/`,
    `/svc/http://${there}/`,
    `/svc/hash@${there}/`,
    `/svc/hash/../../${there}/`,
    `/svc/%2f%2f${there}/`,
    `/svc/hash/%2e%2e/%2e%2e/`,
    `/svc/hash/..%2f..%2f`,
    `/svc/hash/%00`,
    `/svc/hash/%0d%0ahost:%20evil`,
    `/svc/hash/..;/`,
    `/svc/hash/%5c..%5c`,
    `/svc/./hash/`,
    `/svc/hash/../livez`,
    '/svc/../lb/',
    '/svc/%68%61%73%68/..',
    `*`,
    `/svc/`,
    '/svc/hash/%',
    '/svc/hash/%zz',
    `/svc/localhost/`,
    `/svc/etcd:2379/`,
  ];
}

export const badPaths: Row = {
  name: 'http/bad-paths',
  fault:
    'The consumer is sent request targets that lead to another host for some readers, and to another path for others',
  promise: 'No connection to that host; no such path reaches a provider; it goes on serving',
  quick: true,
  async run(stage) {
    let connections = 0;
    const canary = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    stage.defer(() => canary.close());
    const address = canary.address();
    if (address === null || typeof address === 'string') throw new Error('The canary does not listen');
    const { consumer, providers } = await stage.consumerSystem({ providers: 1 });
    const before = await reached(providers);
    const all = targets(address.port);
    const answers = await Promise.all(
      all.map((target) => consumer.send(request(`GET ${target} HTTP/1.1`, host, 'connection: close'), waitMs)),
    );
    const well = all.filter((_, index) => isAnsweredWell(answers[index]));
    return [
      most('connections to the other host', 0, connections),
      // An absolute form is the same request for a proxy and for a server: it is answered here, by the path in it.
      most('requests for work that reached a provider', 1, (await reached(providers)) - before, well.join(' ')),
      most('answers that lead elsewhere', 0, answers.filter(({ text }) => /^location:/im.test(text)).length),
      ...(await alive(consumer)),
    ];
  },
};

function isAnsweredWell(answer: RawAnswer | undefined): boolean {
  return answer !== undefined && statusOf(answer) >= 200 && statusOf(answer) < 400;
}

export const oversized: Row = {
  name: 'http/oversized',
  fault: 'The consumer is sent bodies of 2 MiB, with their length and in chunks, and heads of 64 KiB',
  promise: '413 or 431, and the connection closed; nothing reaches a provider',
  async run(stage) {
    const { consumer, providers } = await stage.consumerSystem({ providers: 1 });
    const before = await reached(providers);
    const size = 2 * 2 ** 20;
    const chunk = `10000${crlf}${'a'.repeat(0x1_00_00)}${crlf}`;
    const answers = await Promise.all([
      consumer.send(request(post, host, json, `content-length: ${size}`) + 'a'.repeat(size), waitMs),
      consumer.send(request(post, host, json, 'transfer-encoding: chunked') + chunk.repeat(32), waitMs),
      consumer.send(request('GET /hash?text=a HTTP/1.1', host, `x: ${'a'.repeat(65_536)}`), waitMs),
      consumer.send(request(`GET /hash?text=${'a'.repeat(65_536)} HTTP/1.1`, host), waitMs),
    ]);
    const statuses = answers.map((answer) => statusOf(answer));
    return [
      least('refused with 413 or 431', 4, statuses.filter((status) => status === 413 || status === 431).length),
      least('connections closed', 4, answers.filter(({ closedMs }) => !Number.isNaN(closedMs)).length),
      most('requests that reached a provider', 0, (await reached(providers)) - before, statuses.join(', ')),
      ...(await alive(consumer)),
    ];
  },
};

async function reached(providers: readonly Provider[]): Promise<number> {
  const reports = await Promise.all(providers.map((provider) => provider.report()));
  return reports.reduce((sum, { requests }) => sum + requests, 0);
}

async function alive(consumer: Consumer): Promise<Finding[]> {
  const { status, text } = await fetch(`${consumer.origin}/hash?text=a`).then(async (response) => ({
    status: response.status,
    text: await response.text(),
  }));
  return [least('answers afterwards', 1, status === 200 && text.includes('"hash":') ? 1 : 0)];
}
