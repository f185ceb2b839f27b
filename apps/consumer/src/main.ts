/** Starts the consumer: follows the registry from the first moment, and listens at once; `/readyz` says when there are providers. */
import { createBalancer } from '@lb/balancer';
import { closeApp, listenOrExit, settingsOrExit, stopOnSignal } from '@lb/common';
import { policies } from '@lb/core';
import { discover } from '@lb/registry';
import { setTimeout as after } from 'node:timers/promises';

import { buildApp } from './app.ts';
import { readConfig } from './config.ts';
import { logDiscovery } from './log-discovery.ts';

const config = settingsOrExit(readConfig);
const discovery = discover({ hosts: config.etcdHosts, service: config.service });
const balancer = createBalancer({
  service: config.service,
  discovery,
  policy: policies[config.policy](),
  timeoutMs: config.timeoutMs,
  // Leases that ran out together did so within one lifetime; two seconds for etcd to notice and for the watch to tell.
  suspicion: { windowMs: (config.ttlSeconds + 2) * 1000 },
  probe: { path: '/livez' },
});
const { app, drain } = buildApp(config, balancer, discovery);
logDiscovery(app.log);

stopOnSignal(app.log, async (why) => {
  app.log.info(`stopping on ${why}`);
  drain();
  await after(config.lingerMs);
  await closeApp(app);
  // What the app was still answering needed its providers; they go after it, and the registry last.
  await balancer.close();
  await discovery.close();
});

await listenOrExit(app, config.host, config.port);
