import type { Endpoint } from '@lb/core';
import { channels } from '@lb/registry';
import type { FastifyBaseLogger } from 'fastify';

/** Says in the log, in words, who of `service` comes and goes, and when the registry cannot be read. */
export function logDiscovery(log: FastifyBaseLogger, service: string): void {
  let known: ReadonlyMap<string, Endpoint> = new Map();
  channels.update.subscribe(({ service: of, snapshot }) => {
    if (of !== service) return;
    const now = new Map(snapshot.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    for (const [id, endpoint] of now) {
      const before = known.get(id);
      if (before === undefined) log.info(`${id} joined: ${endpoint.origin}, weight ${endpoint.weight ?? 1}`);
      else if (before.state !== endpoint.state) log.info(`${id} is ${endpoint.state}`);
      else if (before.weight !== endpoint.weight) log.info(`${id} now has weight ${endpoint.weight ?? 1}`);
      if (endpoint.overridden !== undefined && endpoint.overridden !== before?.overridden) log.info(inWords(endpoint));
    }
    for (const id of known.keys()) if (!now.has(id)) log.info(`${id} left`);
    known = now;
  });
  channels.lost.subscribe(({ service: of, subject, reason, error, attempt }) => {
    if (of !== service) return;
    // The third try of a hundred is news to nobody.
    if (attempt !== 1 && attempt % 10 !== 0) return;
    const providers =
      known.size === 0 ? 'no providers are known yet' : `going on with the ${known.size} providers last known`;
    const consequence = subject === 'overrides' ? 'going on with what operators had set' : providers;
    const why = error?.message ?? 'no error given';
    log.warn(`${titles[subject]} cannot be followed (${reason}), ${consequence}, trying again: ${why}`);
  });
  channels.recovered.subscribe(({ service: of, subject, afterMs }) => {
    if (of !== service) return;
    log.info(`following ${titles[subject]}, after ${(afterMs / 1000).toFixed(1)} s without`);
  });
  channels.repaired.subscribe(({ subject, keys }) => {
    log.error(
      `${titles[subject]} had been followed wrongly for ${keys} keys without a sign of it, and are right again`,
    );
  });
  channels.file.subscribe(({ kind, path, error }) => {
    if (kind === 'loaded') log.warn(`starting with the providers of ${path}, which nobody vouches for`);
    else log.warn(`${path} is of no use: ${error?.message}`);
  });
  channels.invalid.subscribe(({ key, error }) => {
    log.warn(`skipped ${key}: ${error.message}`);
  });
}

const titles = { endpoints: 'the registry', overrides: 'what operators set' } as const;

/** Who has set what for an endpoint. */
function inWords({ id, overridden = {} }: Endpoint): string {
  const parts = Object.entries(overridden).map(([field, replaced]) => `${field} by ${replaced?.by}`);
  return `${id} is overridden: ${parts.join(', ')}`;
}
