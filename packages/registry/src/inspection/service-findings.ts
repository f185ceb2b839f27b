/** What is wrong with what is registered. Pure. */
import { printable } from '../channels.ts';
import type { Finding } from './finding.ts';
import type { InspectedEndpoint, InspectedService } from './inspect.ts';

/** As many as discovery takes by default. */
const usualEndpoints = 10_000;
/** Clocks of machines that are kept on time differ by less. */
const clockAheadMs = 5000;

/** `now` is in milliseconds since the Unix epoch. */
export function serviceFindings(service: InspectedService, now: number): Finding[] {
  const { name, endpoints, unreadable } = service;
  const counting = endpoints.filter(({ counts }) => counts);
  return [
    ...unreadable.map(({ key, why }): Finding => ({
      severity: 'warning',
      code: 'unreadable',
      about: key,
      what: `consumers skip it: ${why}`,
      todo: 'see who wrote it; allow its range of addresses, or delete it',
    })),
    ...endpoints.flatMap((endpoint) => endpointFindings(service, endpoint, now)),
    ...trafficFindings(name, counting),
    ...overrideFindings(service),
  ];
}

function endpointFindings(service: InspectedService, inspected: InspectedEndpoint, now: number): Finding[] {
  const { endpoint, leaseId, lease, counts } = inspected;
  const about = `${service.name} ${printable(endpoint.id)}`;
  const found: Finding[] = [];
  const add = (code: Finding['code'], what: string, todo: string): void => {
    found.push({ severity: 'warning', code, about, what, todo });
  };
  if (leaseId === undefined) {
    add(
      'no-lease',
      'it has no lease, so it stays when its process is gone',
      'let it register with a lease, or delete its key',
    );
  } else if (lease !== undefined && lease.leftSeconds < lease.grantedSeconds / 3) {
    // It is renewed when a third is over, so two thirds are left at the worst.
    add(
      'lease-late',
      `its lease of ${lease.grantedSeconds} s has ${Math.max(0, lease.leftSeconds)} s left, and should have been renewed`,
      'see whether the process lives, is blocked, or cannot reach etcd',
    );
  }
  if (!counts) add(...replaced(service, inspected));
  if (endpoint.startedAt !== undefined && endpoint.startedAt - now > clockAheadMs) {
    const seconds = Math.round((endpoint.startedAt - now) / 1000);
    add(
      'clock-ahead',
      `it says it started ${seconds} s from now`,
      'set the clock of its machine, or of this one; consumers warm it up too long',
    );
  }
  return found;
}

function replaced(
  { endpoints }: InspectedService,
  { endpoint }: InspectedEndpoint,
): Parameters<(code: Finding['code'], what: string, todo: string) => void> {
  const others = endpoints.filter((other) => other.counts).map((other) => other.endpoint);
  if (others.some(({ id }) => id === endpoint.id)) {
    return ['duplicate-id', 'another key registers the same id, and counts instead', 'see who wrote them; delete one'];
  }
  const other = others.find(({ origin }) => origin === endpoint.origin);
  return [
    'duplicate-address',
    `${other === undefined ? 'a newer one' : printable(other.id)} has registered the same address, ${endpoint.origin}, and counts instead`,
    'nothing, if the process was restarted: this one goes with its lease. Otherwise see what address each announces',
  ];
}

function trafficFindings(name: string, counting: readonly InspectedEndpoint[]): Finding[] {
  const serving = counting.filter(({ endpoint }) => endpoint.state === 'serving');
  if (counting.length > usualEndpoints) {
    return [
      {
        severity: 'warning',
        code: 'too-many',
        about: name,
        what: `${counting.length} endpoints are registered, and consumers take ${usualEndpoints} unless told otherwise`,
        todo: 'raise maxEndpoints of discover()',
      },
    ];
  }
  if (counting.length > 0 && serving.length === 0) {
    return [
      {
        severity: 'error',
        code: 'all-draining',
        about: name,
        what: 'every endpoint drains, so consumers have to use what is about to go',
        todo: `see lb override ls ${name}, and why no other has registered`,
      },
    ];
  }
  if (serving.length > 0 && serving.every(({ endpoint }) => endpoint.weight === 0)) {
    return [
      {
        severity: 'error',
        code: 'no-weight',
        about: name,
        what: 'every serving endpoint has weight 0, so consumers have to use them all alike, as if all drained',
        todo: `see lb override ls ${name}, and what they register`,
      },
    ];
  }
  return [];
}

function overrideFindings({ name, endpoints, overrides }: InspectedService): Finding[] {
  const ids = new Set(endpoints.map(({ endpoint }) => endpoint.id));
  return Array.from(overrides.keys())
    .filter((target) => target !== '*' && !ids.has(target))
    .map((target) => ({
      severity: 'note',
      code: 'unused-override',
      about: `${name} ${target}`,
      what: 'an override is set for it, and it is not registered',
      todo: `lb override clear ${name} ${quoted(target)}, unless it will come back by this id`,
    }));
}

/** For a shell: an id may hold `$(…)`, and what stands here is there to be copied. */
function quoted(id: string): string {
  return `'${id.replaceAll("'", String.raw`'\''`)}'`;
}
