/**
 * The messages and services of etcd, from the protocol file that the `etcd3` client ships: server and client read one file.
 */
import { createRequire } from 'node:module';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

export type EtcdService = 'Auth' | 'Cluster' | 'KV' | 'Lease' | 'Maintenance' | 'Watch';

const sizes = new WeakMap<object, number>();

/** Bytes that a request took on the wire. */
export function wireSize(request: object): number {
  return sizes.get(request) ?? 0;
}

let services: ReadonlyMap<EtcdService, ServiceDefinition> | undefined;

/** What gRPC needs to know to serve `name`. The first call reads and parses the protocol file, about 50 ms. */
export function serviceDefinition(name: EtcdService): ServiceDefinition {
  services ??= load();
  const service = services.get(name);
  if (service === undefined) throw new Error(`The protocol file of etcd3 defines no service "${name}"`);
  return service;
}

function load(): ReadonlyMap<EtcdService, ServiceDefinition> {
  const file = createRequire(import.meta.url).resolve('etcd3/proto/rpc.proto');
  // 64-bit numbers are text, since lease ids need all their bits.
  const options = { longs: String, enums: String, oneofs: true, arrays: true };
  // Fields that a client left out have their default. Not so in KV, where etcd tells an empty range_end from none.
  const filled = loadSync(file, { ...options, defaults: true });
  const bare = loadSync(file, options);
  const found = new Map<EtcdService, ServiceDefinition>();
  for (const name of ['Auth', 'Cluster', 'KV', 'Lease', 'Maintenance', 'Watch'] as const) {
    const service = (name === 'KV' ? bare : filled)[`etcdserverpb.${name}`];
    // A message is told from a service by its format, which is text; a service is nothing but methods.
    if (service !== undefined && typeof service['format'] !== 'string') found.set(name, withSizes(service));
  }
  return found;
}

function withSizes(service: ServiceDefinition): ServiceDefinition {
  const sized: ServiceDefinition = {};
  for (const [name, method] of Object.entries(service)) {
    const requestDeserialize = (bytes: Buffer): object => {
      const request = method.requestDeserialize(bytes);
      sizes.set(request, bytes.length);
      return request;
    };
    sized[name] = { ...method, requestDeserialize };
  }
  return sized;
}
