import { createServer, type Server, type Socket } from 'node:net';
import { ListenError, PortTakenError } from '../errors.ts';

/** Listens, and hands each connection to `onConnection`. Port 0 takes a free one. */
export async function listen(host: string, port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  // Answers are small and wait for nothing: with Nagle's algorithm each would wait for the acknowledgement of the one before.
  const server = createServer({ noDelay: true }, onConnection);
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  server.once('error', (cause: NodeJS.ErrnoException) => {
    reject(
      cause.code === 'EADDRINUSE' ? new PortTakenError(host, port, { cause }) : new ListenError(host, port, { cause }),
    );
  });
  server.listen(port, host, () => resolve(server));
  return promise;
}

/** The port that `server` listens on. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
