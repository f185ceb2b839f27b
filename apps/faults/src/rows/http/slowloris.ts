import { quantile } from '@lb/testkit';
import { setTimeout as after } from 'node:timers/promises';

import type { RawAnswer } from '../../processes/consumer.ts';
import { most, note, type Row, within } from '../../row.ts';

const sockets = 250;
const waitMs = 20_000;
const drip = { bytes: 'x', everyMs: 500 };

export const slowloris: Row = {
  name: 'http/slowloris',
  fault: `${sockets} connections to the consumer send a byte of a head every half second, and ${sockets} a byte of a body`,
  promise:
    'Slow heads closed within 6 s, slow bodies within 11 s; 0 other requests failed, their p99 at most 3 times the usual',
  async run(stage) {
    const { consumer, providers } = await stage.consumerSystem();
    const ask = async (forMs: number): Promise<{ times: number[]; failed: number }> => {
      const times: number[] = [];
      let failed = 0;
      for (const end = performance.now() + forMs; performance.now() < end; await after(20)) {
        const begunAt = performance.now();
        const response = await fetch(`${consumer.origin}/hash?text=a`);
        await response.arrayBuffer();
        if (!response.ok) failed += 1;
        times.push(performance.now() - begunAt);
      }
      return { times, failed };
    };
    const usual = await ask(2000);
    const head = 'GET /hash?text=a HTTP/1.1\r\nhost: a\r\nx-slow: ';
    const body =
      'POST /hash HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"text":"';
    const many = (bytes: string) =>
      Promise.all(Array.from({ length: sockets }, () => consumer.send(bytes, waitMs, drip)));
    const [heads, bodies, meanwhile] = await Promise.all([many(head), many(body), ask(11_000)]);
    const requests = await Promise.all(providers.map((provider) => provider.report()));
    return [
      within('heads closed after', 6000, slowest(heads)),
      within('bodies closed after', 11_000, slowest(bodies)),
      most('failed of the others', 0, usual.failed + meanwhile.failed),
      within('p99 of the others', 3 * quantile(usual.times, 0.99), quantile(meanwhile.times, 0.99)),
      most(
        'requests that reached a provider too many',
        0,
        requests.reduce((sum, report) => sum + report.requests, 0) - usual.times.length - meanwhile.times.length,
      ),
      note('others', meanwhile.times.length),
    ];
  },
};

function slowest(answers: readonly RawAnswer[]): number {
  return answers.reduce((longest, { closedMs }) => Math.max(longest, closedMs), 0);
}
