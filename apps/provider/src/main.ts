/** Starts one provider. */
import { exit, settingsOrExit, stopWithParent } from '@lb/common';
import { serve } from '@lb/fastify';
import { randomUUID } from 'node:crypto';

import { buildApp } from './app.ts';
import { readConfig } from './config.ts';
import { logRegistration } from './log-registration.ts';

const config = settingsOrExit(readConfig);
const app = await buildApp(config);
logRegistration(app.log);
stopWithParent();

try {
  await serve(app, {
    listen: { host: config.host, port: config.port },
    register: {
      hosts: config.etcdHosts,
      service: config.service,
      ttlSeconds: config.ttlSeconds,
      endpoint: {
        // An id names one run: whoever restarts is a newcomer, and its former self may be listed for a while yet.
        id: `${config.name}-${randomUUID().slice(0, 8)}`,
        origin: config.advertise,
        weight: config.weight,
        zone: config.zone,
        maxConcurrency: config.maxConcurrency,
        metadata: { name: config.name },
      },
    },
    lingerMs: config.lingerMs,
  });
} catch (error) {
  exit(app.log, error);
}
