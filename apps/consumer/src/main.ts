/** Starts the consumer: follows the registry from the first moment, and listens at once; `/readyz` says when there are providers. */
import { createBalancer } from '@lb/balancer';
import { exit, settingsOrExit, stopWithParent } from '@lb/common';
import { policies } from '@lb/core';
import { serve } from '@lb/fastify';
import { discover, openOverrides } from '@lb/registry';

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
const overrides = openOverrides({ hosts: config.etcdHosts, service: config.service });
const operators = config.operators && { who: config.operators, overrides };
const app = await buildApp(config, balancer, discovery, operators);
// What the app was still answering needed its providers; they go after it, and the registry last.
app.addHook('onClose', async () => {
  await balancer.close();
  await Promise.all([discovery.close(), overrides.close()]);
});
logDiscovery(app.log);
stopWithParent();

try {
  await serve(app, { listen: { host: config.host, port: config.port }, lingerMs: config.lingerMs });
} catch (error) {
  exit(app.log, error);
}
