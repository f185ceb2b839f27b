/**
 * The layout of go-kratos's etcd registry: `/microservices/<service>/<id>`, each value an instance of theirs in JSON.
 *
 * Its readers give up a whole service when one value is not such an instance, know no state but being there, and pick by the entry
 * `weight` of an instance's metadata if that is a whole number. Our other fields travel as entries of the metadata, too.
 */
import { type Endpoint, InvalidOptionError } from '@lb/core';

import { InvalidValueError } from '../errors.ts';
import type { Codec, EndpointClaim } from './codec.ts';
import { isRecord } from './is-record.ts';

/** How go-kratos' services are found. */
export interface KratosOptions {
  /** What kratos calls the namespace. Defaults to `/microservices`. */
  readonly namespace?: string | undefined;
  /** Which of an instance's addresses to use: those that it serves HTTP on, or gRPC. Defaults to `http`. */
  readonly transport?: 'http' | 'grpc' | undefined;
}

/** Reads and writes what go-kratos does. A draining endpoint is taken out, since kratos has no other word for it. */
export function kratos({ namespace = '/microservices', transport = 'http' }: KratosOptions = {}): Codec {
  if (!/^\/?[\w.-]+(?:\/[\w.-]+)*$/.test(namespace)) {
    throw new InvalidOptionError('namespace', 'path segments of letters, digits, dots, dashes, underscores', namespace);
  }
  if (transport !== 'http' && transport !== 'grpc') {
    throw new InvalidOptionError('transport', 'http or grpc', transport);
  }
  const prefix = (service: string): string => `${namespace}/${service}/`;
  return {
    name: 'kratos',
    prefix,
    key: (service, id) => prefix(service) + encodeURIComponent(id),
    encode: (service, endpoint) => encode(service, endpoint, transport),
    decode: (service, name, value) => decode(service, name, value, transport),
  };
}

/** Fields of ours, and the entries of the metadata that hold them; `weight` is also theirs. */
const entryOf = {
  weight: 'weight',
  zone: 'lb.zone',
  maxConcurrency: 'lb.maxConcurrency',
  startedAt: 'lb.startedAt',
} as const;

function encode(service: string, endpoint: Endpoint, transport: 'http' | 'grpc'): string | undefined {
  const { id, origin, state, metadata, weight, zone, maxConcurrency, startedAt } = endpoint;
  if (state === 'draining') return undefined;
  const entries: Record<string, string> = { ...metadata };
  // Ours last: what a provider says of itself must not change what it registers.
  if (weight !== undefined) entries[entryOf.weight] = String(weight);
  if (zone !== undefined) entries[entryOf.zone] = zone;
  if (maxConcurrency !== undefined) entries[entryOf.maxConcurrency] = String(maxConcurrency);
  if (startedAt !== undefined) entries[entryOf.startedAt] = String(startedAt);
  return JSON.stringify({
    id,
    name: service,
    version: metadata['version'] ?? '',
    metadata: entries,
    endpoints: [origin.replace(/^http/, transport)],
  });
}

function decode(service: string, name: string, value: string, transport: 'http' | 'grpc'): EndpointClaim {
  const read: unknown = JSON.parse(value);
  if (!isRecord(read)) throw new InvalidValueError('it is not a JSON object');
  const { id, name: serviceName, version, metadata, endpoints } = read;
  if (typeof id !== 'string' || (id !== name && encodeURIComponent(id) !== name)) {
    throw new InvalidValueError('the id in it is not the one in its key');
  }
  if (serviceName !== service) throw new InvalidValueError('the service in it is not the one in its key');
  const entries = isRecord(metadata) ? { ...metadata } : {};
  if (typeof version === 'string' && version !== '') entries['version'] ??= version;
  const take = (entry: string): unknown => {
    const text = entries[entry];
    delete entries[entry];
    return text;
  };
  return {
    id,
    origin: originOf(endpoints, transport),
    weight: number(take(entryOf.weight)),
    zone: take(entryOf.zone),
    maxConcurrency: number(take(entryOf.maxConcurrency)),
    startedAt: number(take(entryOf.startedAt)),
    metadata: entries,
  };
}

/** The first address for `transport`. Older versions of kratos say in the query that it is TLS, newer ones in the scheme. */
function originOf(endpoints: unknown, transport: 'http' | 'grpc'): string {
  for (const endpoint of Array.isArray(endpoints) ? endpoints : []) {
    const [, scheme, secure = '', address, query = ''] =
      /^(http|grpc)(s?):\/\/([^/?#]*)\/?(?:\?([^#]*))?$/.exec(String(endpoint)) ?? [];
    if (scheme !== transport) continue;
    const tls = secure === 's' || new URLSearchParams(query).get('isSecure') === 'true';
    return `${tls ? 'https' : 'http'}://${address}`;
  }
  throw new InvalidValueError(`it has no ${transport} address`);
}

/** kratos's metadata holds texts. What is no number stays as it is, for the check of all endpoints to refuse. */
function number(text: unknown): unknown {
  return typeof text === 'string' && text.trim() !== '' ? Number(text) : text;
}
