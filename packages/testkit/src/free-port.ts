import { createServer } from 'node:net';

/**
 * Below the ports that systems hand out to connections (from 32768 on Linux, 49152 elsewhere): one of those is taken by any connection that
 * happens to be made before the server listens on it, or while it is away.
 */
const lowest = 20_000;
const highest = 32_767;

/** A port of 127.0.0.1 that nothing listens on now, and that no connection will be made from. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error),
  );
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
