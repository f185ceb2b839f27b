import type { Server as NetServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Server as WebServer } from 'node:http';
import type { Clock } from '../clock.ts';
import type { TlsOptions } from '../options.ts';
import { isHttp2 } from './authority.ts';
import { Gate } from './gate.ts';
import type { Link } from './link.ts';
import { listen, portOf } from './listen.ts';

/** etcd's 1.5 MiB for a request, and 512 KiB for what gRPC adds. */
const maxReceiveBytes = 2 * 1024 * 1024;

/** The gRPC server and the port it is reached at: two things, since a test may close the port and keep the server. */
export class Front {
  readonly server: Server;
  readonly gate: Gate;
  readonly #inject: (connection: Link) => void;
  #listener: NetServer | undefined;

  /** `web` is what answers to plain HTTP. Under TLS there is gRPC alone. */
  constructor(clock: Clock, tls: TlsOptions | undefined, web: WebServer) {
    this.server = new Server({
      'grpc.max_receive_message_length': maxReceiveBytes,
      'grpc.max_send_message_length': -1,
    });
    const injector = this.server.createConnectionInjector(credentialsOf(tls));
    this.gate = new Gate(clock, tls === undefined);
    const toGrpc = (link: Link): void => injector.injectConnection(link);
    const toWeb = (link: Link): void => void web.emit('connection', link);
    this.#inject = tls === undefined ? (link) => chooseByFirstBytes(link, toGrpc, toWeb) : toGrpc;
  }

  /** Opens the port, and returns its number. */
  async open(host: string, port: number): Promise<number> {
    this.#listener = await listen(host, port, (socket) => this.#inject(this.gate.admit(socket)));
    return portOf(this.#listener);
  }

  /** Closes the port, and cuts every connection. */
  async shut(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    this.gate.drop();
    if (listener === undefined) return;
    await new Promise<void>((resolve) => {
      listener.close(() => resolve());
    });
  }

  /** Shuts for good. */
  async close(): Promise<void> {
    await this.shut();
    // Sessions end with their links, a turn or two later. One that were told to end meanwhile would write to a link that is being closed, which
    // Node (24.21) does not expect of a stream in JavaScript: it fails on an assertion of its own, outside of any call.
    await nextTurn();
    await nextTurn();
    this.server.forceShutdown();
  }
}

function credentialsOf(tls: TlsOptions | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key, ca } = tls;
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  return ServerCredentials.createSsl(ca === undefined ? null : Buffer.from(ca), [pair], ca !== undefined);
}

/** HTTP/2 and plain HTTP share the port; the first bytes of a connection tell which it is. */
function chooseByFirstBytes(link: Link, toGrpc: (link: Link) => void, toWeb: (link: Link) => void): void {
  link.once('readable', () => {
    const first: unknown = link.read();
    if (!Buffer.isBuffer(first)) return;
    link.unshift(first);
    (isHttp2(first) ? toGrpc : toWeb)(link);
  });
}
