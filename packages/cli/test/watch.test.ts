/** What is shown while etcd and a consumer come and go. */
import { createServer, type Server } from 'node:http';

import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { register } from '@lb/registry';
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { follow, inProcess } from './lb.ts';

let etcd: EmbeddedEtcd;
let consumer: Server;
let consumerUrl: string;
let answering = true;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  etcd = await startEtcd();
  const endpoint = { id: 'a', origin: 'http://127.0.0.1:8081', weight: 2 };
  const registration = await register({ hosts: etcd.hosts, service: 'hash', endpoint });
  const peers = [
    { id: 'a', origin: 'http://127.0.0.1:8081', state: 'serving', weightShare: 1, share: 1, perSecond: 42 },
  ];
  consumer = createServer((_request, response) => {
    if (!answering) response.writeHead(503).end();
    else response.end(JSON.stringify({ service: 'hash', policy: 'p2cLatency', traffic: { perSecond: 42 }, peers }));
  });
  await new Promise<void>((resolve) => consumer.listen(0, '127.0.0.1', resolve));
  const address = consumer.address();
  consumerUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  cleanUp.push(
    () => etcd.close(),
    () => new Promise((resolve) => consumer.close(resolve)),
    () => consumer.closeAllConnections(),
    () => registration.close(),
  );
});
afterAll(async () => {
  for (const task of cleanUp.toReversed()) await task();
});

it('says when etcd goes away and when it is back, and goes on', async () => {
  await using watch = follow(['watch', 'hash', '--etcd', etcd.hosts]);
  await watch.line((line) => line.endsWith('hash a joined: http://127.0.0.1:8081, weight 2'));
  await etcd.faults.crash();
  expect(await watch.line((line) => line.includes('cannot be followed'))).toMatch(
    /hash the registry cannot be followed \((?:disconnected|unreachable)\); what is known stays$/,
  );
  await etcd.faults.restart();
  await watch.line((line) => line.endsWith('hash the registry is followed again'));
  expect(await watch.stop()).toBe(0);
});

it('follows the services there are, whatever else somebody has put beside them', async () => {
  const admin = new Etcd3({ hosts: etcd.hosts });
  await admin.put('lb/no service/x').value('');
  await admin.put('lb/x').value('');
  admin.close();
  await using watch = follow(['watch', '--etcd', etcd.hosts]);
  await watch.line((line) => line.endsWith('hash a joined: http://127.0.0.1:8081, weight 2'));
  expect(await watch.stop()).toBe(0);
});

it('takes the service, and traffic, from a consumer, and says when it is silent', async () => {
  await using watch = follow(['watch', '--etcd', etcd.hosts, '--consumer', consumerUrl, '--every', '100']);
  await watch.line((line) => line.endsWith('hash 42.0 req/s, policy p2cLatency  a 100.0 % of 100.0 %'));
  answering = false;
  await watch.line((line) => line.includes(`${consumerUrl}/lb/state.json gives no state: it answered 503`));
  answering = true;
  await watch.line((line) => line.includes('42.0 req/s'));
  expect(await watch.stop()).toBe(0);
});

it('shows what a consumer does also while etcd is away from here', async () => {
  const args = ['watch', '--etcd', '127.0.0.1:1', '--consumer', consumerUrl, '--every', '100', '--json'];
  await using watch = follow(args);
  const lost = JSON.parse(await watch.line((line) => line.includes('"lost"')));
  expect(lost).toMatchObject({ service: 'hash', why: 'unreachable' });
  await watch.line((line) => line.includes('"traffic"'));
  expect(await watch.stop()).toBe(0);
});

it('exits with 1 where there is no consumer to begin with', async () => {
  answering = false;
  const { code, error } = await inProcess(['watch', '--consumer', consumerUrl], { ETCD_HOSTS: etcd.hosts });
  answering = true;
  expect({ code, error }).toEqual({ code: 1, error: expect.stringContaining('(ERR_CONSUMER)') });
});
