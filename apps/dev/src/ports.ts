import { connect, createServer } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { request } from 'undici';

/**
 * `wanted` if nobody listens on it, else the next port that is free and not in `reserved`. Somebody may still take it first; whoever
 * listens will say so.
 */
export async function freePort(wanted: number, reserved: readonly number[]): Promise<number> {
  if (await isFree(wanted)) return wanted;
  for (let port = wanted + 1; ; port += 1) if (!reserved.includes(port) && (await isFree(port))) return port;
}

/** Resolves once somebody listens on `port`, or when `stillWorthIt` says no more. */
export async function untilListening(port: number, stillWorthIt: () => boolean): Promise<void> {
  while (stillWorthIt() && !(await answers(port))) await after(20);
}

/** Resolves once the service at `port` says that it is ready, or when `stillWorthIt` says no more. */
export async function untilReady(port: number, stillWorthIt: () => boolean): Promise<void> {
  while (stillWorthIt()) {
    const answer = await request(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    await answer?.body.dump();
    if (answer?.statusCode === 200) return;
    await after(100);
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
