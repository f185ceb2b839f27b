import { Etcd } from './etcd.ts';
import { Faults } from './faults.ts';
import { member } from './member.ts';
import { Front } from './net/front.ts';
import { createWeb } from './net/web.ts';
import { checkOptions, type EtcdOptions } from './options.ts';
import { authService } from './rpc/auth-service.ts';
import { clusterService } from './rpc/cluster-service.ts';
import { electionService } from './rpc/election-service.ts';
import { healthService } from './rpc/health-service.ts';
import { kvService } from './rpc/kv-service.ts';
import { leaseService } from './rpc/lease-service.ts';
import { lockService } from './rpc/lock-service.ts';
import { maintenanceService } from './rpc/maintenance-service.ts';
import { serviceDefinition } from './rpc/protocol.ts';
import { watchService } from './rpc/watch-service.ts';

/** A running server. */
export interface EmbeddedEtcd extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** As `etcdctl --endpoints` takes it: `127.0.0.1:2379`. */
  readonly address: string;
  /** As the etcd3 client takes it: `http://127.0.0.1:2379`, or `https://…` when it serves TLS. */
  readonly hosts: string;
  /** Makes it misbehave on purpose. */
  readonly faults: Faults;
  /** Stops at once: connections are cut, and the data is gone. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts an etcd in this process, empty, for development and tests. Throws {@link InvalidOptionError}, {@link PortTakenError}
 * when the port is in use, and {@link ListenError} when it cannot be listened on for another reason.
 */
export async function startEtcd(options: EtcdOptions = {}): Promise<EmbeddedEtcd> {
  const { host, port: askedPort, tls, ...settings } = checkOptions(options);
  const etcd = new Etcd(settings);
  const web = createWeb({ isHealthy: () => etcd.isHealthy, version: member.version });
  const front = new Front(settings.clock, tls, web);
  front.server.addService(serviceDefinition('KV'), kvService(etcd));
  front.server.addService(serviceDefinition('Watch'), watchService(etcd));
  front.server.addService(serviceDefinition('Lease'), leaseService(etcd));
  front.server.addService(serviceDefinition('Auth'), authService(etcd));
  front.server.addService(serviceDefinition('Cluster'), clusterService(etcd));
  front.server.addService(serviceDefinition('Maintenance'), maintenanceService(etcd));
  front.server.addService(serviceDefinition('v3lockpb.Lock'), lockService(etcd));
  front.server.addService(serviceDefinition('v3electionpb.Election'), electionService(etcd));
  front.server.addService(serviceDefinition('grpc.health.v1.Health'), healthService(etcd));

  const port = await front.open(host, askedPort);
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const hosts = `${tls === undefined ? 'http' : 'https'}://${address}`;
  etcd.clientUrls = [hosts];
  const close = async (): Promise<void> => {
    etcd.close();
    await front.close();
  };
  const reopen = async (): Promise<void> => {
    await front.open(host, port);
  };
  const faults = new Faults(etcd, front, reopen);
  return { host, port, address, hosts, faults, close, [Symbol.asyncDispose]: close };
}
