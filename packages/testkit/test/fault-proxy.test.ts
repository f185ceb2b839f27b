import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultProxy, ManualClock, startFaultProxy } from '../src/index.ts';

/** Sends back what it gets. */
let echo: Server;
let clock: ManualClock;
let proxy: FaultProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => {
    echo.listen(0, '127.0.0.1', resolve);
  });
  const address = echo.address();
  clock = new ManualClock();
  proxy = await startFaultProxy({ targetPort: typeof address === 'object' ? (address?.port ?? 0) : 0, clock });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await new Promise((resolve) => {
    echo.close(resolve);
  });
});

/** A connection, and what has come back on it. */
async function dial(): Promise<{
  readonly socket: Socket;
  readonly got: () => string;
  readonly ended: Promise<string>;
}> {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket);
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  const ended = new Promise<string>((resolve) => {
    socket.once('end', () => resolve('end'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
  });
  return { socket, got: () => text, ended };
}

/** Until nothing has happened on the proxy for a while of turns. */
async function settled(): Promise<void> {
  for (let quiet = 0, seen = -1; quiet < 50; quiet += 1) {
    if (proxy.activity !== seen) quiet = 0;
    seen = proxy.activity;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

test('passes everything on, and closes when both ends do', async () => {
  const { socket, got, ended } = await dial();
  socket.write('hello');
  await settled();
  expect([got(), proxy.connections, proxy.accepted]).toEqual(['hello', 1, 1]);
  socket.end();
  expect(await ended).toBe('end');
  await settled();
  expect(proxy.connections).toBe(0);
});

test('loses what goes into a hole, one way or both, until it heals', async () => {
  const { socket, got } = await dial();
  proxy.hole('down');
  socket.write('one');
  await settled();
  const late = await dial();
  late.socket.write('new');
  await settled();
  expect([got(), late.got()]).toEqual(['', '']);
  proxy.hole('up');
  socket.write(' two');
  await settled();
  proxy.heal();
  await settled();
  expect([got(), late.got()]).toEqual(['one two', 'new']);
});

test('delays by the clock that it is given, in order', async () => {
  const { socket, got } = await dial();
  proxy.delay(100);
  socket.write('a');
  await settled();
  await clock.run(50, settled);
  socket.write('b');
  await settled();
  await clock.run(149, settled);
  expect(got()).toBe('');
  await clock.run(1, settled);
  expect(got()).toBe('a');
  await clock.run(50, settled);
  expect(got()).toBe('ab');
});

test('trickles no faster than it is told', async () => {
  const { socket, got } = await dial();
  proxy.trickle(100);
  socket.write('x'.repeat(1000));
  for (let second = 0; second < 5; second += 1) await clock.run(1000, settled);
  expect(got().length).toBeGreaterThan(400);
  expect(got().length).toBeLessThan(520);
});

test('cuts, resets and refuses', async () => {
  const cut = await dial();
  proxy.cut();
  expect(await cut.ended).toBe('end');
  const reset = await dial();
  await settled();
  proxy.reset();
  expect(await reset.ended).toBe('ECONNRESET');
  await proxy.refuse();
  await expect(
    new Promise((_resolve, reject) => {
      connect(proxy.port, '127.0.0.1').once('error', reject);
    }),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.open();
  const back = await dial();
  back.socket.write('back');
  await settled();
  expect(back.got()).toBe('back');
});

test('forgets the connections that are there, and takes new ones', async () => {
  const old = await dial();
  proxy.forget();
  old.socket.write('lost');
  const fresh = await dial();
  fresh.socket.write('heard');
  await settled();
  proxy.heal();
  await settled();
  expect([old.got(), fresh.got()]).toEqual(['', 'heard']);
});
