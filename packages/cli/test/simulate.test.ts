/** Scenarios from a file, and from a consumer. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '@lb/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { asProcess, inProcess } from './lb.ts';

let folder: string;
let consumer: Server;
let url: string;

const peer = (id: string, weight: number): object => ({
  id: `${id}-1`,
  name: id,
  weight,
  limit: 8 * weight,
  perSecond: 10 * weight,
  p50Ms: 50,
  p99Ms: 60,
});
const state = {
  service: 'hash',
  policy: 'p2cPeakEwma',
  peers: [peer('small', 1), peer('medium', 2), peer('large', 3)],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lb-cli-'));
  writeFileSync(join(folder, 'state.json'), JSON.stringify(state));
  consumer = createServer((request, response) => {
    if (request.url === '/lb/state.json') response.end(JSON.stringify(state));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => consumer.listen(0, '127.0.0.1', resolve));
  const address = consumer.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  consumer.closeAllConnections();
  await new Promise((resolve) => consumer.close(resolve));
  await rm(folder, { recursive: true });
});

it('says what losing a host would do, by the policy of the consumer', async () => {
  const { out, error, code } = await asProcess(['simulate', '--from-consumer', url, '--without', 'large-1']);
  expect({ error, code }).toEqual({ error: '', code: 0 });
  expect(out).toMatch(/^As it is now \(seed 1; times in ms\)\npolicy +ok\/s/);
  expect(out).toMatch(/\nWithout large, at the load of now \(seed 1; times in ms\)\n/);
  expect(out).toMatch(
    /\np2cPeakEwma: p50 \d+ → \d+ ms, p99 \d+ → \d+ ms, [\d ]+ of [\d ]+ requests failed \(0\.\d\d %\)\n$/,
  );
});

it('says what more load would do that is more than what is left can carry', async () => {
  const source = join(folder, 'state.json');
  const args = ['simulate', '--from-consumer', source, '--without', 'large', '--rps', '800', '--json'];
  const { out, code } = await inProcess(args);
  expect(code).toBe(0);
  const [now, then] = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect([now.scenario, then.scenario]).toEqual(['As it is now', 'Without large, at 800 requests a second']);
  // 24 slots of 50 ms are good for 480 a second.
  const [result] = then.results;
  expect(result.successesPerSecond).toBeGreaterThan(380);
  expect(result.successesPerSecond).toBeLessThan(500);
  expect(now.results[0].succeeded).toBe(now.results[0].requests);
});

it('compares policies on a scenario, and writes a report', async () => {
  const [file, html] = [join(folder, 'scenario.yaml'), join(folder, 'report.html')];
  writeFileSync(
    file,
    'duration: 5s\nload: { perSecond: 50 }\nservice: { fixed: 10ms }\nservers: [{ id: a, slots: 2 }]\n',
  );
  const args = ['simulate', file, '--policy', 'p2c', '--policy', 'random', '--seed', '7', '--html', html];
  const { out, code } = await inProcess(args);
  expect(code).toBe(0);
  expect(out).toMatch(/\(seed 7; times in ms\)\npolicy [^\n]*\n-[^\n]*\np2c [^\n]*\nrandom /);
  expect(await readFile(html, 'utf8')).toContain('<svg');
});

it.each([
  [[], 2, 'Give a scenario file, or --from-consumer'],
  [['a.yaml', '--from-consumer', 'b'], 2, 'Give a scenario file, or --from-consumer'],
  [['a.yaml', '--rps', '3'], 2, '--without and --rps go with --from-consumer'],
  [['/nowhere/a.yaml'], 2, 'ENOENT'],
])('refuses %j', async (args, exitCode, message) => {
  const { code, error } = await inProcess(['simulate', ...args]);
  expect(code).toBe(exitCode);
  expect(error).toContain(message);
});

it('says what is wrong with what a consumer gives', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const away = await inProcess(['simulate', '--from-consumer', nobody]);
  expect(away).toMatchObject({ code: 1, error: expect.stringContaining('gives no state: connect ECONNREFUSED') });
  const missing = await inProcess(['simulate', '--from-consumer', `${url}/nothing`]);
  expect(missing.error).toContain('gives no state: it answered 404 (ERR_CONSUMER)');
  const unknown = await inProcess(['simulate', '--from-consumer', url, '--without', 'huge']);
  expect(unknown).toMatchObject({
    code: 1,
    error: expect.stringContaining('there are small, medium, large (ERR_STATE)'),
  });
});
