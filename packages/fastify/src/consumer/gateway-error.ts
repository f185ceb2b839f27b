import { InvalidTargetError } from '@lb/balancer';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { CallerGoneError, DeadlinePassedError } from '../errors.ts';
import { nackHeader } from '../headers.ts';

/** What a caller is answered for whom no provider could be asked. It names no provider: who they are is nobody's business out there. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  /** That of its cause, such as `ERR_NO_ENDPOINT`. */
  readonly code: string;
  readonly statusCode: number;

  constructor(statusCode: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.statusCode = statusCode;
    this.code = code;
  }
}

/**
 * What to throw for an error of `balancer.request()`, so that Fastify answers with 502, 503 or 504; sets `Retry-After`, and says where
 * nothing was done for the request (`x-lb-nack`).
 */
export function gatewayError(error: unknown, request: FastifyRequest, reply: FastifyReply): Error {
  if (error instanceof CallerGoneError || error instanceof DeadlinePassedError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'ERR_GATEWAY';
  const make = (statusCode: number, message: string): GatewayError =>
    new GatewayError(statusCode, code, message, { cause: error });
  switch (code) {
    case 'ERR_OVERFLOW':
      reply.header(nackHeader, 'overload');
      if (request.lb.attempt === undefined) reply.header('retry-after', '1');
      return make(503, 'Too many requests are under way already');
    case 'ERR_NO_ENDPOINT':
      reply.header('retry-after', '1');
      return make(503, 'No provider can take the request');
    case 'ERR_BALANCER_CLOSED':
      return make(503, 'This process is about to end');
    case 'ERR_DEADLINE':
      return make(504, 'No provider has answered in time');
    case 'ERR_UNKNOWN_SERVICE':
    case 'ERR_TOO_MANY_SERVICES':
    case 'ERR_BODY_TOO_LARGE':
      return error instanceof Error ? error : make(500, code);
    default:
      if (error instanceof InvalidTargetError) return make(400, 'The path is none that can be passed on');
      request.log.warn({ err: error }, 'no provider answered');
      return make(502, 'No provider has answered');
  }
}
