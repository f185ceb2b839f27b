/** Who is registered now. */
import type { Endpoint } from '@lb/core';
import type { InspectedEndpoint, InspectedService } from '@lb/registry';

import type { Command } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { count, duration, number, percent } from '../numbers.ts';
import { etcdOptions, readEtcdOptions } from '../settings.ts';
import { table } from '../terminal/table.ts';
import { type Line, type Span, styled } from '../terminal/terminal.ts';
import { sayUnreadable } from '../unreadable.ts';
import { marked, weightShares } from '../weight-shares.ts';

export const ls: Command = {
  name: 'ls',
  about: 'list the services in etcd, or the endpoints of one',
  positionals: [{ name: 'service', optional: true, about: 'service to list', complete: 'service' }],
  options: { json: { about: 'one JSON object a line, an endpoint each' }, ...etcdOptions },
  details: `STATE is what consumers go by: what the provider registered, or what an operator has set (marked *).
SHARE is the part of the traffic that the weight asks for; lb watch --consumer shows what it gets.
LEASE is what is left of it and its whole length: a provider that died is gone when it is over.`,
  run: async (given, terminal, world) => {
    const service = given.positional('service');
    const { inspect } = await import('@lb/registry');
    const { services } = await inspect({
      ...(await readEtcdOptions(given, world.env)),
      service,
      signal: world.signal,
    });
    if (given.flag('json')) {
      for (const one of services) for (const endpoint of one.endpoints) terminal.json(toJson(one.name, endpoint));
    } else if (service === undefined) {
      terminal.lines(serviceTable(services));
    } else {
      for (const one of services) terminal.lines(endpointTable(one.endpoints, world.now()));
    }
    sayUnreadable(services, world);
    return codeFor(services, service);
  },
};

/** Nothing registered is nothing wrong, unless it was asked for by name. */
function codeFor(services: readonly InspectedService[], asked: string | undefined): ExitCode {
  const none = services.every(({ endpoints }) => endpoints.length === 0);
  return none && asked !== undefined ? exitCodes.failed : exitCodes.ok;
}

function serviceTable(services: readonly InspectedService[]): Line[] {
  if (services.length === 0) return [['No service is registered.']];
  return table(
    [
      { heading: 'SERVICE' },
      { heading: 'ENDPOINTS', right: true },
      { heading: 'SERVING', right: true },
      { heading: 'DRAINING', right: true },
      { heading: 'WEIGHT', right: true },
      { heading: 'OVERRIDES', right: true },
      { heading: 'UNREADABLE', right: true },
    ],
    services.map(({ name, endpoints, overrides, unreadable }) => {
      const counting = endpoints.filter(({ counts }) => counts);
      const serving = counting.filter(({ endpoint }) => endpoint.state === 'serving');
      return [
        name,
        count(counting.length),
        count(serving.length),
        count(counting.length - serving.length),
        number(serving.reduce((sum, { endpoint }) => sum + (endpoint.weight ?? 1), 0)),
        count(overrides.size),
        unreadable.length === 0 ? '0' : styled('red', count(unreadable.length)),
      ];
    }),
  );
}

function endpointTable(endpoints: readonly InspectedEndpoint[], now: number): Line[] {
  if (endpoints.length === 0) return [['No endpoint is registered.']];
  const shares = weightShares(endpoints.filter(({ counts }) => counts).map(({ endpoint }) => endpoint));
  return table(
    [
      { heading: 'ID' },
      { heading: 'ADDRESS' },
      { heading: 'STATE' },
      { heading: 'WEIGHT', right: true },
      { heading: 'SHARE', right: true },
      { heading: 'LIMIT', right: true },
      { heading: 'ZONE' },
      { heading: 'AGE', right: true },
      { heading: 'LEASE', right: true },
    ],
    endpoints.map(({ endpoint, counts, lease, leaseId }): Span[] => [
      endpoint.id,
      endpoint.origin,
      counts ? stateSpan(endpoint) : styled('dim', 'replaced'),
      marked(number(endpoint.weight ?? 1), endpoint.overridden?.weight),
      // One that is replaced may have the id of the one that is not.
      percent(counts ? (shares.get(endpoint.id) ?? 0) : 0),
      marked(
        endpoint.maxConcurrency === undefined ? '-' : number(endpoint.maxConcurrency),
        endpoint.overridden?.maxConcurrency,
      ),
      endpoint.zone ?? '-',
      endpoint.startedAt === undefined ? '-' : duration(now - endpoint.startedAt),
      leaseId === undefined
        ? styled('red', 'none')
        : lease === undefined
          ? '-'
          : `${Math.max(0, lease.leftSeconds)}/${lease.grantedSeconds} s`,
    ]),
  );
}

function stateSpan({ state, overridden }: Endpoint): Span {
  return styled(state === 'serving' ? 'green' : 'yellow', marked(state, overridden?.state));
}

function toJson(service: string, { endpoint, counts, leaseId, lease }: InspectedEndpoint): unknown {
  return { service, ...endpoint, counts, leaseId: leaseId ?? null, lease: lease ?? null };
}
