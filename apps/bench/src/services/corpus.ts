/**
 * Requests that two parsers could read in two ways, and so have a second one carried past the first: what is known of request smuggling
 * (CL.TE, TE.CL, TE.TE, CL.0, hop-by-hop tricks, line endings, targets), each with what a proxy must make of it.
 *
 * `/svc/recorder/target` is passed on to a recorder. Whatever makes that see `/smuggled` was smuggled.
 */
export interface Attempt {
  readonly name: string;
  /** Byte for byte, one character each. */
  readonly bytes: string;
  /** The statuses that are right. */
  readonly statuses: readonly number[];
  /** Whether the request itself is sound, and reaches the provider, once. */
  readonly passes?: boolean;
}

const line = '\r\n';
const inner = `GET /smuggled HTTP/1.1${line}Host: a${line}${line}`;
const innerHere = `GET /svc/recorder/smuggled HTTP/1.1${line}Host: a${line}${line}`;
const chunked = `0${line}${line}`;

/** A request to the recorder with these headers and this body. `close` ends the connection, so that nothing waits for more. */
function post(headers: readonly string[], body = '', target = '/svc/recorder/target', method = 'POST'): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: a', 'Connection: close', ...headers, '', body].join(line);
}

const bad = [400] as const;

export const corpus: readonly Attempt[] = [
  {
    name: 'CL.TE',
    bytes: post(['Content-Length: 6', 'Transfer-Encoding: chunked'], `${chunked}${innerHere}`),
    statuses: bad,
  },
  {
    name: 'TE.CL',
    bytes: post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `5c${line}${innerHere}${line}${chunked}`),
    statuses: bad,
  },
  {
    name: 'two encodings, the last not chunked',
    bytes: post(['Transfer-Encoding: chunked, identity'], chunked + innerHere),
    statuses: [400, 501],
  },
  {
    name: 'two encoding headers',
    bytes: post(['Transfer-Encoding: chunked', 'Transfer-Encoding: cow'], chunked + innerHere),
    statuses: [400, 501],
  },
  {
    name: 'an encoding that is none',
    bytes: post(['Transfer-Encoding: xchunked'], chunked + innerHere),
    statuses: [400, 501],
  },
  {
    name: 'an encoding with a blank before its colon',
    bytes: post(['Transfer-Encoding : chunked', 'Content-Length: 4'], chunked + innerHere),
    statuses: bad,
  },
  {
    name: 'an encoding after a tab and a control',
    bytes: post(['Transfer-Encoding: \x0bchunked'], chunked + innerHere),
    statuses: [400, 501],
  },
  {
    name: 'an encoding on a folded line',
    bytes: post(['X: a', ' Transfer-Encoding: chunked', 'Content-Length: 4'], 'abcd'),
    statuses: bad,
  },
  {
    name: 'two lengths that differ',
    bytes: post(['Content-Length: 4', 'Content-Length: 90'], `abcd${innerHere}`),
    statuses: bad,
  },
  {
    name: 'two lengths that agree',
    bytes: post(['Content-Length: 4', 'Content-Length: 4'], `abcd${innerHere}`),
    statuses: bad,
  },
  { name: 'a list of lengths', bytes: post(['Content-Length: 4, 4'], `abcd${innerHere}`), statuses: bad },
  { name: 'a length with a sign', bytes: post(['Content-Length: +4'], `abcd${innerHere}`), statuses: bad },
  { name: 'a length in hexadecimal', bytes: post(['Content-Length: 0x4'], `abcd${innerHere}`), statuses: bad },
  { name: 'a length below nothing', bytes: post(['Content-Length: -1'], innerHere), statuses: bad },
  {
    name: 'a length past all numbers',
    bytes: post(['Content-Length: 99999999999999999999'], innerHere),
    statuses: bad,
  },
  {
    name: 'a chunk size with a prefix',
    bytes: post(['Transfer-Encoding: chunked'], `0x5${line}abcde${line}${chunked}`),
    statuses: bad,
  },
  {
    name: 'a chunk size past all numbers',
    bytes: post(['Transfer-Encoding: chunked'], `fffffffffffffffff${line}abc`),
    statuses: [400, 413],
  },
  {
    name: 'chunks that end with half a line',
    bytes: post(['Transfer-Encoding: chunked'], `5\nabcde\n0\n\n${innerHere}`),
    statuses: bad,
  },
  {
    name: 'a chunk longer than its size',
    bytes: post(['Transfer-Encoding: chunked'], `3${line}abcde${line}${chunked}`),
    statuses: bad,
  },
  { name: 'lines that end with half a line', bytes: post([]).replaceAll(line, '\n'), statuses: bad },
  { name: 'a carriage return in a header', bytes: post([`X: a\rTransfer-Encoding: chunked`]), statuses: bad },
  { name: 'a zero in a header', bytes: post(['X: a\0b']), statuses: bad },
  { name: 'a blank in a header name', bytes: post(['Content Length: 4'], 'abcd'), statuses: bad },
  { name: 'no host', bytes: `GET /svc/recorder/target HTTP/1.1${line}Connection: close${line}${line}`, statuses: bad },
  { name: 'two hosts', bytes: post(['Host: b']), statuses: bad },
  {
    name: 'a target on another host',
    bytes: post([], '', 'http://evil.example/svc/recorder/target', 'GET'),
    statuses: [400, 404],
  },
  {
    name: 'a target that begins with two slashes',
    bytes: post([], '', '//evil.example/svc/recorder/target', 'GET'),
    statuses: [400, 404],
  },
  {
    name: 'a target with a blank',
    bytes: post([], '', '/svc/recorder/target HTTP/1.1 /smuggled', 'GET'),
    statuses: bad,
  },
  { name: 'a target with dot segments', bytes: post([], '', '/svc/recorder/../../smuggled', 'GET'), statuses: bad },
  {
    name: 'a target with dot segments in escapes',
    bytes: post([], '', '/svc/recorder/%2e%2e/smuggled', 'GET'),
    statuses: bad,
  },
  { name: 'a version that there is not', bytes: post([]).replace('HTTP/1.1', 'HTTP/9.9'), statuses: [400, 505] },
  {
    name: 'the preface of HTTP/2',
    bytes: `PRI * HTTP/2.0${line}${line}SM${line}${line}${inner}`,
    statuses: [400, 505],
  },
  { name: 'TRACE', bytes: post([], '', '/svc/recorder/target', 'TRACE'), statuses: [404, 405] },
  { name: 'an expectation that nobody has', bytes: post(['Expect: 200-maybe']), statuses: [417] },
  { name: 'a head of 20 KiB', bytes: post([`X: ${'x'.repeat(20_000)}`]), statuses: [431] },
  {
    name: 'CL.0: a body where nobody expects one',
    bytes: `GET /nowhere HTTP/1.1${line}Host: a${line}Connection: close${line}Content-Length: ${innerHere.length}${line}${line}${innerHere}`,
    statuses: [404],
  },
  // Sound requests, with something in them that must not come through as what it looks like.
  {
    name: 'a body that looks like a request',
    bytes: post([`Content-Length: ${inner.length}`], inner),
    statuses: [200],
    passes: true,
  },
  {
    name: 'a GET with such a body',
    bytes: post([`Content-Length: ${inner.length}`], inner, '/svc/recorder/target', 'GET'),
    statuses: [200],
    passes: true,
  },
  {
    name: 'a length that is said to concern one hop',
    bytes: post([`Connection: content-length`, `Content-Length: ${inner.length}`], inner),
    statuses: [200],
    passes: true,
  },
  {
    name: 'an encoding that is said to concern one hop',
    bytes: post(
      ['Connection: transfer-encoding', 'Transfer-Encoding: chunked'],
      `${inner.length.toString(16)}${line}${inner}${line}${chunked}`,
    ),
    statuses: [200],
    passes: true,
  },
  {
    name: 'an upgrade to HTTP/2',
    bytes: post(['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']),
    statuses: [200],
    passes: true,
  },
  {
    name: 'line ends in escapes',
    bytes: post([], '', '/svc/recorder/target%0d%0aX:%20y', 'GET'),
    statuses: [200],
    passes: true,
  },
  {
    name: 'an expectation to go on',
    bytes: post(['Expect: 100-continue', 'Content-Length: 4'], 'abcd'),
    statuses: [100, 200],
    passes: true,
  },
];
