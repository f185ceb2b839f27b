/**
 * The layout of etcd's own `clientv3/naming`, which grpc-go dials as `etcd:///lb/<service>`.
 *
 * Its readers look at `Op`, `Addr` and `Metadata`, ignore other fields, and try to read every key under the prefix. So our own
 * fields live in one more field, `lb`, and nothing but endpoints lives under a service. `Metadata` is left out: as an object it
 * becomes a Go map inside a resolver address, and newer grpc-go panics when it compares two of them (etcd issue 19700).
 */
import { InvalidOptionError, type Endpoint } from '@lb/core';

import { InvalidValueError } from '../errors.ts';
import { isRoot } from '../validate.ts';
import type { Codec, EndpointClaim } from './codec.ts';
import { isRecord } from './is-record.ts';

/** Where in etcd services are. */
export interface EtcdNamingOptions {
  /** What the keys of all services begin with. No slash at either end: Go's client strips a leading one. Defaults to `lb`. */
  readonly root?: string | undefined;
}

/** Keys `lb/<service>/<id>`, the id percent-encoded; values as JSON. */
export function etcdNaming({ root = 'lb' }: EtcdNamingOptions = {}): Codec {
  if (!isRoot(root)) {
    throw new InvalidOptionError('root', 'path segments of letters, digits, dots, dashes and underscores', root);
  }
  const prefix = (service: string): string => `${root}/${service}/`;
  return {
    name: 'etcdNaming',
    prefix,
    key: (service, id) => prefix(service) + encodeURIComponent(id),
    encode: (_service, endpoint) => encode(endpoint),
    decode: (_service, name, value) => decode(name, value),
  };
}

function encode({ id, origin, ...rest }: Endpoint): string {
  // Not by `URL`, which would drop port 80 and 443; Go dials what stands here as it is.
  const [protocol, address] = origin.split('://');
  return JSON.stringify({ Op: 0, Addr: address, lb: { v: 1, id, protocol, ...rest } });
}

function decode(name: string, value: string): EndpointClaim {
  const read: unknown = JSON.parse(value);
  if (!isRecord(read)) throw new InvalidValueError('it is not a JSON object');
  const { Addr: address, lb: own = {} } = read;
  if (typeof address !== 'string') throw new InvalidValueError('"Addr" is not a string');
  if (!isRecord(own)) throw new InvalidValueError('"lb" is not an object');
  const id = decodeURIComponent(name);
  if (own['id'] !== undefined && own['id'] !== id)
    throw new InvalidValueError('the id in it is not the one in its key');
  const protocol = own['protocol'] === 'https' ? 'https' : 'http';
  return {
    id,
    origin: `${protocol}://${address}`,
    weight: own['weight'],
    zone: own['zone'],
    maxConcurrency: own['maxConcurrency'],
    startedAt: own['startedAt'],
    state: own['state'],
    metadata: own['metadata'],
  };
}
