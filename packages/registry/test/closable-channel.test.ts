/** What is left of a client that is closed while it cannot connect. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';

import { discover } from '../src/index.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

/** A port where connections are begun and never made: a process that is stopped, with its queue full. */
async function voidPort(): Promise<number> {
  const program = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      process.stdout.write(String(server.address().port));
    });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUp.push(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  const port = Number(said);
  child.kill('SIGSTOP');
  const fillers: Socket[] = [];
  cleanUp.push(() => fillers.forEach((socket) => socket.destroy()));
  for (let made = true; made;) {
    const socket = connect({ port, host: '127.0.0.1' });
    fillers.push(socket);
    socket.on('error', () => {});
    // One that is not made within half a second is not made at all.
    made = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => {
        setTimeout(() => resolve(false), 500);
      }),
    ]);
  }
  return port;
}

it.skipIf(process.platform !== 'linux')('connections that are being made end with it', async () => {
  const port = await voidPort();
  const before = connecting();
  const found = discover({ hosts: `http://127.0.0.1:${port}`, service: 'hash', requestTimeoutMs: 200 });
  found.connect().catch(() => {});
  await expect.poll(() => found.status.epochs.unreachable ?? 0).toBeGreaterThan(2);
  await found.close();
  await expect.poll(connecting).toBeLessThanOrEqual(before);
});

it('connections that are refused are not tried again once it is closed', async () => {
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    socket.resetAndDestroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const found = discover({ hosts: `http://127.0.0.1:${port}`, service: 'hash' });
  found.connect().catch(() => {});
  await expect.poll(() => found.status.epochs.unreachable ?? 0).toBeGreaterThan(2);
  await found.close();
  const { epochs, overrides } = found.status;
  const ended = (epochs.unreachable ?? 0) + (overrides?.epochs.unreachable ?? 0);
  // gRPC would make its next attempt after a second.
  await new Promise((resolve) => {
    setTimeout(resolve, 1500);
  });
  expect(accepted).toBeLessThanOrEqual(ended + 2);
});

/** Sockets of this process that are being connected. */
function connecting(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'ConnectWrap').length;
}
