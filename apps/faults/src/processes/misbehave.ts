/**
 * Makes a provider misbehave when it is told to. Loaded before `apps/provider`, which is not changed and does not know: what is tested
 * is the provider that people run.
 */
import { IncomingMessage, Server, ServerResponse } from 'node:http';

import { now } from '../now.ts';
import { shiftClock } from './shift-clock.ts';
import type { ProviderAnswer, ProviderOrder } from './orders.ts';

let delayMs = 0;
let failing = { share: 0, statusCode: 500 };
let requests = 0;
let retries = 0;
let lastAt = 0;
let server: Server | undefined;
let port = 0;

const emit: (this: Server, event: string, ...args: unknown[]) => boolean = Reflect.get(Server.prototype, 'emit');

Server.prototype.emit = function misbehave(this: Server, event: string, ...args: unknown[]): boolean {
  if (event === 'listening') remember(this);
  if (event !== 'request') return emit.call(this, event, ...args);
  const [request, response] = args;
  // Probes are answered as ever: what fails is the work.
  if (!(request instanceof IncomingMessage) || request.url?.startsWith('/hash') !== true)
    return emit.call(this, event, ...args);
  requests += 1;
  lastAt = now();
  if ((request.headers['x-lb-attempt'] ?? '1') !== '1') retries += 1;
  if (Math.random() < failing.share && response instanceof ServerResponse) {
    response.writeHead(failing.statusCode).end();
    return true;
  }
  if (delayMs === 0) return emit.call(this, event, ...args);
  setTimeout(() => emit.call(this, event, ...args), delayMs);
  return true;
};

function remember(listening: Server): void {
  server = listening;
  const address = listening.address();
  if (port !== 0 || address === null || typeof address !== 'object') return;
  ({ port } = address);
  tell({ kind: 'listening', port });
}

process.on('message', (order: ProviderOrder) => void obey(order).then(tell));

async function obey(order: ProviderOrder): Promise<ProviderAnswer> {
  switch (order.kind) {
    case 'delay':
      delayMs = order.ms;
      return { kind: 'done' };
    case 'fail':
      failing = order;
      return { kind: 'done' };
    case 'refuse':
      server?.close();
      server?.closeAllConnections();
      return { kind: 'done' };
    case 'listen':
      server?.listen(port, '127.0.0.1');
      return { kind: 'done' };
    case 'block': {
      const end = now() + order.ms;
      while (now() < end);
      return { kind: 'done' };
    }
    case 'shift':
      shiftClock(order.ms);
      return { kind: 'done' };
    case 'report':
      return { kind: 'report', report: { requests, retries, lastAt, connections: await connections() } };
    default:
      return order satisfies never;
  }
}

function connections(): Promise<number> {
  return new Promise((resolve) => {
    if (server === undefined) resolve(0);
    else server.getConnections((_error, count) => resolve(count ?? 0));
  });
}

function tell(message: ProviderAnswer): void {
  process.send?.(message);
}
