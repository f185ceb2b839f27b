import type { Server as NetServer } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Database } from './database.ts';
import { Gate } from './net/gate.ts';
import { listen, portOf } from './net/listen.ts';
import { checkOptions, type EtcdOptions, type TlsOptions } from './options.ts';
import { kvService } from './rpc/kv-service.ts';
import { leaseService } from './rpc/lease-service.ts';
import { serviceDefinition } from './rpc/protocol.ts';
import { watchService } from './rpc/watch-service.ts';

/** etcd's 1.5 MiB for a request, and 512 KiB for what gRPC adds. */
const maxReceiveBytes = 2 * 1024 * 1024;

/** A running server. */
export class EmbeddedEtcd {
  readonly host: string;
  readonly port: number;
  readonly #scheme: 'http' | 'https';
  readonly #listener: NetServer;
  readonly #server: Server;
  readonly #gate: Gate;
  readonly #database: Database;

  /** Use {@link startEtcd}. */
  constructor(
    host: string,
    scheme: 'http' | 'https',
    listener: NetServer,
    server: Server,
    gate: Gate,
    database: Database,
  ) {
    this.host = host;
    this.#scheme = scheme;
    this.port = portOf(listener);
    this.#listener = listener;
    this.#server = server;
    this.#gate = gate;
    this.#database = database;
  }

  /** As `etcdctl --endpoints` takes it: `127.0.0.1:2379`. */
  get address(): string {
    return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`;
  }

  /** As the etcd3 client takes it: `http://127.0.0.1:2379`. */
  get hosts(): string {
    return `${this.#scheme}://${this.address}`;
  }

  /** Stops at once: connections are cut, and the data is gone. May be called again. */
  async close(): Promise<void> {
    this.#database.close();
    this.#gate.drop();
    this.#server.forceShutdown();
    await new Promise<void>((resolve) => {
      this.#listener.close(() => resolve());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Starts an etcd in this process, empty, for development and tests. */
export async function startEtcd(options: EtcdOptions = {}): Promise<EmbeddedEtcd> {
  const { host, port, tls, progressNotifyIntervalMs, clock } = checkOptions(options);
  const database = new Database(clock);
  const context = { database, clock, progressNotifyIntervalMs };
  const server = new Server({
    'grpc.max_receive_message_length': maxReceiveBytes,
    'grpc.max_send_message_length': -1,
  });
  server.addService(serviceDefinition('KV'), kvService(context));
  server.addService(serviceDefinition('Lease'), leaseService(context));
  server.addService(serviceDefinition('Watch'), watchService(context));
  const injector = server.createConnectionInjector(credentialsOf(tls));
  const gate = new Gate(clock);
  const listener = await listen(host, port, (socket) => injector.injectConnection(gate.admit(socket)));
  return new EmbeddedEtcd(host, tls === undefined ? 'http' : 'https', listener, server, gate, database);
}

function credentialsOf(tls: TlsOptions | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key, ca } = tls;
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  return ServerCredentials.createSsl(ca === undefined ? null : Buffer.from(ca), [pair], ca !== undefined);
}
