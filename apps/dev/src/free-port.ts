import { createServer } from 'node:net';

/** `wanted` if nobody listens on it, else the next port that is free. Somebody may still take it first; whoever listens will say so. */
export async function freePort(wanted: number, taken: ReadonlySet<number>): Promise<number> {
  for (let port = wanted; ; port += 1) if (!taken.has(port) && (await isFree(port))) return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
