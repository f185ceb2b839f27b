import type { Endpoint } from '@lb/core';
import { channels } from '@lb/registry';
import type { FastifyBaseLogger } from 'fastify';

/** Says in the log, in words, who comes and goes, and when the registry cannot be read. */
export function logDiscovery(log: FastifyBaseLogger): void {
  let known: ReadonlyMap<string, Endpoint> = new Map();
  channels.update.subscribe(({ snapshot }) => {
    const now = new Map(snapshot.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    for (const [id, endpoint] of now) {
      const before = known.get(id);
      if (before === undefined) log.info(`${id} joined: ${endpoint.origin}, weight ${endpoint.weight ?? 1}`);
      else if (before.state !== endpoint.state) log.info(`${id} is ${endpoint.state}`);
      else if (before.weight !== endpoint.weight) log.info(`${id} now has weight ${endpoint.weight ?? 1}`);
    }
    for (const id of known.keys()) if (!now.has(id)) log.info(`${id} left`);
    known = now;
  });
  channels.lost.subscribe(({ reason, error, attempt }) => {
    // The third try of a hundred is news to nobody.
    if (attempt !== 1 && attempt % 10 !== 0) return;
    const providers =
      known.size === 0 ? 'no providers are known yet' : `going on with the ${known.size} providers last known`;
    log.warn(
      `the registry cannot be followed (${reason}), ${providers}, trying again: ${error?.message ?? 'no error given'}`,
    );
  });
  channels.recovered.subscribe(({ afterMs }) => {
    log.info(`following the registry, after ${(afterMs / 1000).toFixed(1)} s without it`);
  });
  channels.invalid.subscribe(({ key, error }) => {
    log.warn(`skipped ${key}: ${error.message}`);
  });
}
