import fastify, { type FastifyInstance } from 'fastify';

import { Operators } from '../../src/operators.ts';
import { page } from '../../src/page.ts';
import { Fleet, type FleetOptions } from './fleet.ts';

/** The page of a fleet, which has one operator, on a port of its own. */
export async function serveFleet(options: FleetOptions): Promise<{ app: FastifyInstance; fleet: Fleet }> {
  const fleet = new Fleet(options);
  const app = fastify();
  const overrides = { set: () => Promise.resolve({}), clear: () => Promise.resolve(undefined) };
  const operators = { who: new Operators({ alice: 'a-token-of-alice-1' }), overrides };
  await app.register(page, { prefix: '/lb', balancer: fleet, discovery: fleet, clock: fleet.clock, operators });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { app, fleet };
}
