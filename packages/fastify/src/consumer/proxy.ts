/**
 * Passes requests on to the providers of a service, and their answers back, as streams.
 *
 *     await app.register(proxy, { prefix: '/svc' });                        // /svc/hash/a?b → /a?b of the service "hash"
 *     await app.register(proxy, { prefix: '/shop', service: 'shop-api' });  // /shop/a → /a of "shop-api"
 *
 * What the caller says is passed by lists: of headers those that are known (see `ProxyHeadersOptions`), of paths those that mean one
 * thing only, of bodies so many bytes. A caller that goes away takes its request along; an answer that breaks off breaks off for the caller,
 * too, and does not look complete.
 */
import { type LbOptions, type ProxyHeadersOptions, proxyRequestHeaders, proxyResponseHeaders } from '@lb/balancer';
import { checkNumber, InvalidOptionError } from '@lb/core';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';

import { closeAfter } from '../close-after.ts';
import { BodyTooLargeError, InvalidPathError, TwoHostsError } from '../errors.ts';
import { gatewayError } from './gateway-error.ts';
import { type BodyLimits, discardBody, receiveBody } from './limited-body.ts';
import { proxyTarget } from './proxy-target.ts';
import { isServiceName } from './services.ts';

/** What is passed on, where to, and what is not. */
export interface ProxyOptions {
  /** Where to. Defaults to what the first segment of the path names: one of `consumer`'s services, or any that it opens on demand. */
  readonly service?: string | undefined;
  /** Most bytes of a request's body. Defaults to 1 MiB, as in Fastify. */
  readonly bodyLimitBytes?: number | undefined;
  /**
   * How much of a body to wait for before any provider is asked, in bytes, or all of a shorter one. Defaults to 65 536. A caller that drips
   * its body keeps nobody else busy then, and short bodies can be sent again. 0 where callers want answers to the beginning of their body.
   */
  readonly holdBytes?: number | undefined;
  /** Which headers to pass. */
  readonly headers?: ProxyHeadersOptions | undefined;
  /** What to tell the balancer of a request, such as its hash key. Defaults to nothing. */
  readonly lb?: ((request: FastifyRequest) => LbOptions) | undefined;
}

/** TRACE would show a caller what was added to its request; CONNECT and upgrades are not HTTP any more. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** @throws {InvalidOptionError} */
export const proxy: FastifyPluginAsync<ProxyOptions> = async (app: FastifyInstance, options: ProxyOptions) => {
  const { service } = options;
  if (service !== undefined && !isServiceName(service)) {
    throw new InvalidOptionError('service', 'a name of letters, digits, dots, dashes and underscores', service);
  }
  const limits: BodyLimits = {
    limit: checkNumber('bodyLimitBytes', options.bodyLimitBytes ?? 2 ** 20, { min: 0 }),
    hold: checkNumber('holdBytes', options.holdBytes ?? 65_536, { min: 0, integer: true }),
  };
  // Bodies are passed on unread, whatever they are.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const handler = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    pass(app, request, reply, options, limits);
  for (const url of ['/', '/*']) app.route({ method: methods, url, handler, exposeHeadRoute: false });
};

async function pass(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  options: ProxyOptions,
  limits: BodyLimits,
): Promise<FastifyReply> {
  const { raw, lb } = request;
  const target = proxyTarget(raw.url ?? '', app.prefix, options.service);
  if (target === undefined) throw new InvalidPathError();
  // Node takes the first of two (RFC 9112 §3.2: refuse), and somebody behind may take the other.
  if (raw.rawHeaders.filter((name, index) => index % 2 === 0 && /^host$/i.test(name)).length > 1)
    throw new TwoHostsError();
  // Before anything is sent anywhere. What does not say its length is counted on the way.
  if (Number(raw.headers['content-length'] ?? 0) > limits.limit) {
    closeAfter(request, reply);
    await discardBody(raw);
    throw new BodyTooLargeError(limits.limit);
  }
  try {
    const balancer = app.lb.balancer(target.service);
    // Of a caller that went away while a hook of somebody else's waited no body comes any more, and no end of one.
    lb.signal.throwIfAborted();
    const body = await receiveBody(raw, limits);
    const response = await balancer.request(target.path, {
      method: request.method,
      headers: headersOf(request, options.headers),
      body,
      signal: lb.signal,
      lb: { ...deadlineOf(request), ...options.lb?.(request) },
    });
    // What is left of the body would be read as the next request.
    if (!raw.complete) closeAfter(request, reply);
    return reply.code(response.statusCode).headers(proxyResponseHeaders(response.headers)).send(response.body);
  } catch (error) {
    if (!raw.complete) closeAfter(request, reply);
    const tooLarge = findTooLarge(error);
    if (tooLarge === undefined) throw gatewayError(error, request, reply);
    await discardBody(raw);
    throw tooLarge;
  }
}

function headersOf({ raw, ip, protocol, host }: FastifyRequest, options: ProxyHeadersOptions | undefined): string[] {
  const headers = proxyRequestHeaders(raw.rawHeaders, options);
  // Ours, and not what the caller says of itself; `via` is required of whoever forwards (RFC 9110 §7.6.3).
  headers.push('via', '1.1 lb', 'x-forwarded-for', ip, 'x-forwarded-proto', protocol, 'x-forwarded-host', host);
  return headers;
}

/** A caller's deadline goes on, and what is an attempt already is not tried again here: each layer that retries multiplies the load. */
function deadlineOf({ lb }: FastifyRequest): LbOptions {
  const timeoutMs = lb.remainingMs();
  return {
    ...(timeoutMs !== undefined && { timeoutMs: Math.max(1, Math.floor(timeoutMs)) }),
    ...(lb.attempt !== undefined && { attempts: 1 }),
  };
}

/** The balancer tells of a body that failed as the cause of its own error, or as it is. */
function findTooLarge(error: unknown): BodyTooLargeError | undefined {
  if (error instanceof BodyTooLargeError) return error;
  return error instanceof Error && error.cause !== undefined ? findTooLarge(error.cause) : undefined;
}
