import type { FastifyReply, FastifyRequest } from 'fastify';

import { OverloadedError, type RefusalReason } from './errors.ts';
import { nackHeader } from './headers.ts';
import { stateOf } from './service-state.ts';

/** Counts the request as refused, marks the answer as one that nothing was done for, and returns the error to throw. */
export function refusal(request: FastifyRequest, reply: FastifyReply, reason: RefusalReason): OverloadedError {
  stateOf(request.server).countRefusal(reason);
  reply.header(nackHeader, 'overload');
  // A balancer goes elsewhere at once, and to it a second is a long time to be told to stay away: a queue is drained much sooner.
  if (request.lb.attempt === undefined) reply.header('retry-after', '1');
  return new OverloadedError(reason);
}

/** Whether the request is for the service's own work, and so counted and limited. */
export function isWork(request: FastifyRequest): boolean {
  return request.routeOptions.config.lb?.work !== false;
}
