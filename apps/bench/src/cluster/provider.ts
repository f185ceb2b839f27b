/** A provider of the race, in a process of its own: `GET /work?ms=…` is answered when that work is done. */
import { quantile } from '@lb/testkit';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import type { ProviderAnswer, ProviderOrder, ProviderReport } from './protocol.ts';
import { Station } from './station.ts';

let late: number[] = [];
let station = new Station([{ slots: 1 }], 0, () => {});
let failing = false;
let counts = { served: 0, refused: 0, failed: 0 };

const server = createServer(answer);
// Longer than any client keeps an idle connection, so that none is closed under a request.
server.keepAliveTimeout = 120_000;
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') tell({ kind: 'listening', port: address.port });
});
process.on('message', (order: ProviderOrder) => tell(obey(order)));
process.on('disconnect', () => process.exit());

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (failing) {
    counts.failed += 1;
    response.writeHead(503).end();
    return;
  }
  const workMs = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('ms'));
  const leave = station.enter(workMs, (how) => {
    counts[how] += 1;
    if (how === 'served') response.end('ok');
    else response.writeHead(503).end();
  });
  response.on('close', leave);
}

function obey(order: ProviderOrder): ProviderAnswer {
  switch (order.kind) {
    case 'reset': {
      const mine: number[] = [];
      late = mine;
      failing = false;
      counts = { served: 0, refused: 0, failed: 0 };
      station = new Station(order.groups, order.queueLimit, (ms) => mine.push(ms));
      return { kind: 'done' };
    }
    case 'slow':
      station.slow(order.group, order.slowness);
      return { kind: 'done' };
    case 'fail':
      failing = order.failing;
      return { kind: 'done' };
    case 'report':
      return { kind: 'report', report: report() };
    default:
      return order satisfies never;
  }
}

function report(): ProviderReport {
  return { ...counts, lateMs: late.length === 0 ? 0 : quantile(late, 0.99) };
}

function tell(message: ProviderAnswer): void {
  process.send?.(message);
}
