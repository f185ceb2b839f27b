import { hash, HashReply, type HashRequest } from '@lb/common';
import { GatewayError, gatewayError } from '@lb/fastify/consumer';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Value } from 'typebox/value';

/** Has a provider of `service` compute the hash, and checks that it did. Throws what Fastify answers with 502, 503 or 504. */
export async function askForHash(
  service: string,
  wanted: HashRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<HashReply> {
  const response = await request.server.lb
    .balancer(service)
    .request('/hash', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
      signal: request.lb.signal,
      // A hash is the same however often it is taken, whatever HTTP thinks of POST.
      lb: { idempotent: true },
    })
    .catch((error: unknown) => {
      throw gatewayError(error, request, reply);
    });
  const { statusCode, body, headers } = response;
  if (statusCode !== 200) {
    await body.dump();
    if (statusCode === 504) throw new GatewayError(504, 'ERR_DEADLINE', 'No provider has answered in time');
    if (statusCode !== 503) throw bad(`The provider answered ${statusCode}`);
    reply.header('retry-after', headers['retry-after'] ?? '1');
    throw new GatewayError(503, 'ERR_OVERLOADED', 'Every provider that was asked is busy');
  }
  const answer: unknown = await body.json().catch((error: unknown) => {
    throw error instanceof SyntaxError
      ? bad('The answer of the provider is no JSON')
      : gatewayError(error, request, reply);
  });
  if (Value.Check(HashReply, answer) && answer.hash === hash(wanted)) return answer;
  throw bad('The answer of the provider is wrong');
}

function bad(message: string): GatewayError {
  return new GatewayError(502, 'ERR_BAD_ANSWER', message);
}
