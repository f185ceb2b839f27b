/**
 * The messages and services of etcd, from the protocol file that the `etcd3` client ships: server and client read one file. What
 * it lacks is in the folder `proto` of this package.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type AnyDefinition, loadSync, type ServiceDefinition } from '@grpc/proto-loader';

const etcdServices = ['Auth', 'Cluster', 'KV', 'Lease', 'Maintenance', 'Watch'] as const;
const otherServices = ['v3lockpb.Lock', 'v3electionpb.Election', 'grpc.health.v1.Health'] as const;

export type ServiceName = (typeof etcdServices)[number] | (typeof otherServices)[number];

const sizes = new WeakMap<object, number>();

/** Bytes that a request took on the wire. */
export function wireSize(request: object): number {
  return sizes.get(request) ?? 0;
}

let services: ReadonlyMap<ServiceName, ServiceDefinition> | undefined;

/** What gRPC needs to know to serve `name`. The first call reads and parses the protocol files, about 50 ms. */
export function serviceDefinition(name: ServiceName): ServiceDefinition {
  services ??= load();
  const service = services.get(name);
  if (service === undefined) throw new Error(`No protocol file defines the service "${name}"`);
  return service;
}

function load(): ReadonlyMap<ServiceName, ServiceDefinition> {
  const file = createRequire(import.meta.url).resolve('etcd3/proto/rpc.proto');
  const own = ['lock', 'election', 'health'].map((name) => join(import.meta.dirname, `../../proto/${name}.proto`));
  // 64-bit numbers are text, since lease ids need all their bits.
  const options = { longs: String, enums: String, oneofs: true, arrays: true, includeDirs: [dirname(file)] };
  // Fields that a client left out have their default. Not so in KV, where etcd tells an empty range_end from none.
  const filled = loadSync([file, ...own], { ...options, defaults: true });
  const bare = loadSync(file, options);
  const found = new Map<ServiceName, ServiceDefinition>();
  for (const name of etcdServices) add(found, name, (name === 'KV' ? bare : filled)[`etcdserverpb.${name}`]);
  for (const name of otherServices) add(found, name, filled[name]);
  return found;
}

function add(
  found: Map<ServiceName, ServiceDefinition>,
  name: ServiceName,
  definition: AnyDefinition | undefined,
): void {
  // A message is told from a service by its format, which is text; a service is nothing but methods.
  if (definition !== undefined && typeof definition['format'] !== 'string') found.set(name, withSizes(definition));
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
