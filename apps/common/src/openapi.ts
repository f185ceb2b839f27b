import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/**
 * Describes the app's routes as OpenAPI, at `/docs/json`, and shows them at `/docs`: pages that are served from here, with no foreign
 * script. Before the routes.
 */
export async function describeApi(app: FastifyInstance, title: string, description: string): Promise<void> {
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title, description, version: '1' } } });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
}
