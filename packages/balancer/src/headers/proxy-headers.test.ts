import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { proxyRequestHeaders, proxyResponseHeaders } from './proxy-headers.ts';

const names = (list: readonly string[]): string[] => list.filter((_value, index) => index % 2 === 0);

describe('a request that is passed on', () => {
  it('keeps what is on the list, and each header as often as it came', () => {
    const given = ['Accept', 'a', 'Cookie', 'b=1', 'cookie', 'c=2', 'Content-Type', 'text/plain', 'X-Secret', 's'];
    expect(proxyRequestHeaders(given)).toEqual(
      [
        ['accept', 'a'],
        ['cookie', 'b=1'],
        ['cookie', 'c=2'],
        ['content-type', 'text/plain'],
      ].flat(),
    );
    expect(names(proxyRequestHeaders(given, { allow: ['x-SECRET'] }))).toContain('x-secret');
    expect(names(proxyRequestHeaders(given, { allow: 'all', deny: ['Cookie'] }))).toEqual([
      'accept',
      'content-type',
      'x-secret',
    ]);
  });

  it.each([
    ['what the connection names', ['Connection', 'close, X-Hop', 'X-Hop', '1', 'Accept', 'a'], ['accept']],
    ['what two connection headers name', ['connection', 'a1', 'CONNECTION', ' accept ', 'Accept', 'a'], []],
    ['what an old proxy header names', ['Proxy-Connection', 'accept', 'Accept', 'a'], []],
    ['the host', ['Host', 'evil.example'], []],
    ['an expectation', ['Expect', '100-continue'], []],
    [
      'what says who asked',
      ['Forwarded', 'for=1', 'X-Forwarded-For', '1', 'x-forwarded-host', 'e', 'X-Real-IP', '1'],
      [],
    ],
    ['what says another path', ['X-Original-URL', '/admin', 'X-Rewrite-Url', '/admin'], []],
    ['what is between balancers', ['X-LB-Attempt', '1', 'x-lb-timeout-ms', '9', 'X-Lb-Nack', 'overload'], []],
    ['a length beside chunks', ['Transfer-Encoding', 'chunked', 'Content-Length', '5'], []],
    ['chunks by another name', ['TRANSFER-ENCODING', 'gzip, chunked', 'content-length', '5'], []],
    ['trailers and upgrades', ['TE', 'trailers', 'Trailer', 'x', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AA'], []],
    ['credentials for a proxy', ['Proxy-Authorization', 'Basic x', 'Keep-Alive', 'timeout=5'], []],
  ])('loses %s, also when all is allowed', (_what, given, left) => {
    expect(names(proxyRequestHeaders(given, { allow: 'all' }))).toEqual(left);
    expect(names(proxyRequestHeaders(given, { allow: names(given) }))).toEqual(left);
  });

  it('never passes what concerns one hop, whatever else it says', () => {
    const hop = fc.constantFrom('connection', 'Transfer-Encoding', 'UPGRADE', 'te', 'Host', 'x-lb-nack', 'Keep-Alive');
    const name = fc.oneof(hop, fc.constantFrom('accept', 'x-a', 'X-B', 'content-length', 'cookie'));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
        const raw = pairs.flat();
        const passed = names(proxyRequestHeaders(raw, { allow: 'all' }));
        const named = pairs
          .filter(([key]) => key === 'connection')
          .flatMap(([, value]) => value.split(',').map((part) => part.trim().toLowerCase()));
        for (const key of passed) {
          expect(['accept', 'x-a', 'x-b', 'content-length', 'cookie']).toContain(key);
          expect(named).not.toContain(key);
        }
      }),
    );
  });
});

describe('an answer that is passed back', () => {
  it('keeps all but what concerns one hop, or is between balancer and provider', () => {
    expect(
      proxyResponseHeaders({
        'content-type': 'text/plain',
        'content-length': '5',
        'set-cookie': ['a=1', 'b=2'],
        connection: 'keep-alive, x-hop',
        'keep-alive': 'timeout=5',
        'x-hop': '1',
        'transfer-encoding': 'chunked',
        'x-lb-draining': '1',
        'endpoint-load-metrics': 'TEXT cpu_utilization=1',
        'x-powered-by': 'a',
      }),
    ).toEqual({
      'content-type': 'text/plain',
      'content-length': '5',
      'set-cookie': ['a=1', 'b=2'],
      'x-powered-by': 'a',
    });
    expect(proxyResponseHeaders({ server: 'a', via: 'b' }, { deny: ['Server'] })).toEqual({ via: 'b' });
  });

  it('puts nothing into the prototype', () => {
    const headers = JSON.parse('{"__proto__": "polluted", "a": "1"}');
    const passed = proxyResponseHeaders(headers);
    expect([Object.keys(passed), Object.getPrototypeOf(passed)]).toEqual([['__proto__', 'a'], Object.prototype]);
  });
});
