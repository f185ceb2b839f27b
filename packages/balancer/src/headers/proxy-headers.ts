/**
 * Which headers a proxy passes on, for those who put HTTP in front of the balancer.
 *
 * A request passes what is on a list of names, so that what nobody thought of stays outside; an answer passes all but what belongs to the
 * connection or to us. Neither passes what concerns one hop only (RFC 9110 §7.6.1), however it is spelled, nor what the
 * `connection` header names as such.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** Which headers a proxy passes on. */
export interface ProxyHeadersOptions {
  /** Names to pass besides the usual ones; `'all'` passes whatever may be passed. */
  readonly allow?: readonly string[] | 'all' | undefined;
  /** Names not to pass, whatever else is said. */
  readonly deny?: readonly string[] | undefined;
}

/** Concern one hop, or the proxy itself; `host` and `content-length` of a body in chunks are the next hop's own to say. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Would be believed although anybody can send them, or would not be understood by undici (`expect`). */
const neverAsked: ReadonlySet<string> = new Set([
  'host',
  'expect',
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-original-url',
  'x-rewrite-url',
]);

const usuallyAsked: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'authorization',
  'baggage',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
  'cookie',
  'date',
  'dnt',
  'etag',
  'from',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-event-id',
  'origin',
  'pragma',
  'prefer',
  'priority',
  'range',
  'referer',
  'traceparent',
  'tracestate',
  'user-agent',
  'want-digest',
  'x-correlation-id',
  'x-csrf-token',
  'x-request-id',
  'x-requested-with',
]);

/**
 * The headers of a request that came in, as they may go on: a flat list, as undici takes it. Give it `request.rawHeaders`, which still
 * has each header as often as it was sent. O(n).
 */
export function proxyRequestHeaders(rawHeaders: readonly string[], options: ProxyHeadersOptions = {}): string[] {
  const { allow = [] } = options;
  const allowed = allow === 'all' ? undefined : new Set([...usuallyAsked, ...allow.map(lowerCase)]);
  const denied = new Set(options.deny?.map(lowerCase));
  const named = connectionNames(rawHeaders);
  const chunked = names(rawHeaders).some((name) => name === 'transfer-encoding');
  const passed: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = lowerCase(rawHeaders[index] ?? '');
    if (hopByHop.has(name) || neverAsked.has(name) || named.has(name) || denied.has(name) || isOurs(name)) continue;
    if (name.startsWith('x-forwarded-') || (allowed !== undefined && !allowed.has(name))) continue;
    if (name === 'content-length' && chunked) continue;
    passed.push(name, rawHeaders[index + 1] ?? '');
  }
  return passed;
}

/** The headers of an answer, as they may go back to whoever asked. O(n). */
export function proxyResponseHeaders(
  headers: IncomingHttpHeaders,
  options: Pick<ProxyHeadersOptions, 'deny'> = {},
): Record<string, string | string[]> {
  const denied = new Set(options.deny?.map(lowerCase));
  const named = connectionNames(['connection', headers.connection ?? '']);
  const passed: [string, string | string[]][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name) || denied.has(name) || isOurs(name)) continue;
    passed.push([name, value]);
  }
  return Object.fromEntries(passed);
}

/** What is said between balancer and provider is not the world's to hear, nor to say. */
function isOurs(name: string): boolean {
  return name.startsWith('x-lb-') || name.startsWith('endpoint-load-metrics');
}

/** What the sender says concerns this connection only. */
function connectionNames(rawHeaders: readonly string[]): ReadonlySet<string> {
  const named = new Set<string>();
  for (const [index, name] of names(rawHeaders).entries()) {
    if (name !== 'connection' && name !== 'proxy-connection') continue;
    for (const option of (rawHeaders[2 * index + 1] ?? '').split(',')) named.add(lowerCase(option.trim()));
  }
  return named;
}

function names(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 0).map(lowerCase);
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}
