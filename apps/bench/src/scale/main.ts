/**
 * How costs grow with the size of a fleet: `pnpm bench:scale`.
 *
 * What a consumer pays for each number of endpoints, what etcd pays for each thing that is asked of it, and what that makes for fleets of
 * some sizes. All times are processor time.
 */
import { printTable, provenanceInWords, provenanceOf } from '@lb/testkit';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { measureConsumerCosts } from './consumer-costs.ts';
import { measureEtcdCosts } from './etcd-costs.ts';
import { type Fleet, loadOf } from './plan.ts';

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });

// The first run of anything is that of a cold engine.
measureConsumerCosts(1000, 100);
const consumers = [
  ...[10, 100, 1000, 10_000].map((endpoints) => measureConsumerCosts(endpoints, undefined)),
  measureConsumerCosts(10_000, 100),
];
printTable(
  'A consumer, by the endpoints of a service',
  ['endpoints', 'used', 'first snapshot ms', 'one change ms', 'pick ns', 'bytes an endpoint'],
  consumers.map(({ endpoints, used, firstMs, changeMs, pickNs, bytesPerEndpoint }) =>
    [
      endpoints,
      used,
      firstMs.toFixed(2),
      changeMs.toFixed(3),
      pickNs.toFixed(0),
      bytesPerEndpoint?.toFixed(0) ?? '-',
    ].map(String),
  ),
);

const etcd = await measureEtcdCosts({ endpoints: 5000, watchers: 50, changes: 400, renewals: 20_000 });
printTable(
  'etcd, processor time for one of each',
  ['what', 'µs'],
  [
    ['a lease kept alive', etcd.renewalUs.toFixed(1)],
    ['a change written', etcd.changeUs.toFixed(0)],
    [`a change told to a watcher (${etcd.deliveryBytes.toFixed(0)} bytes)`, etcd.deliveryUs.toFixed(1)],
    ['an endpoint listed', etcd.listedUs.toFixed(2)],
    ['an endpoint looked at in a comparison', etcd.comparedUs.toFixed(2)],
  ],
);

const usual = { ttlSeconds: 15, deploySeconds: 600 };
const fleets: Fleet[] = [
  { providers: 100, consumers: 50, services: 10, followed: 3, ...usual },
  { providers: 1000, consumers: 200, services: 20, followed: 5, ...usual },
  { providers: 10_000, consumers: 1000, services: 100, followed: 5, ...usual },
  { providers: 10_000, consumers: 1000, services: 1, followed: 1, ...usual },
];
const plans = fleets.map((fleet) => ({ fleet, load: loadOf(fleet, etcd) }));
printTable(
  'What fleets ask of etcd: TTL 15 s, everything deployed within 10 minutes',
  [
    'providers × consumers, services',
    'renewals/s',
    'compared/s',
    'told/s in deploy',
    'MB/s',
    'cores',
    'in deploy',
    'list all, core s',
  ],
  plans.map(({ fleet, load }) => [
    `${fleet.providers} × ${fleet.consumers}, ${fleet.followed} of ${fleet.services}`,
    load.renewalsPerSecond.toFixed(0),
    load.comparisonsPerSecond.toFixed(0),
    load.deliveriesPerSecond.toFixed(0),
    load.deployMegabytesPerSecond.toFixed(1),
    load.coresAtRest.toFixed(2),
    load.coresInDeploy.toFixed(2),
    load.listAllCoreSeconds.toFixed(1),
  ]),
);
const provenance = provenanceOf('pnpm bench:scale');
process.stdout.write(`${provenanceInWords(provenance)}\n`);
if (options.json !== undefined) {
  writeFileSync(options.json, JSON.stringify({ provenance, consumers, etcd, plans }, undefined, 2));
}
