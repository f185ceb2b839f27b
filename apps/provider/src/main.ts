/** Starts one provider: listens, so that its address is known and answers, and only then registers it. */
import { exit, listenOrExit, settingsOrExit, stopOnSignal } from '@lb/common';
import { register, type Registration } from '@lb/registry';
import { randomUUID } from 'node:crypto';

import { buildApp } from './app.ts';
import { readConfig } from './config.ts';
import { logRegistration } from './log-registration.ts';
import { shutdown } from './shutdown.ts';

const config = settingsOrExit(readConfig);
const { app, drain } = buildApp(config);
logRegistration(app.log);

const stopping = new AbortController();
let registration: Registration | undefined;
stopOnSignal(app.log, (why) => {
  stopping.abort();
  app.log.info(`stopping on ${why}: draining for ${config.lingerMs} ms, then finishing what is in flight`);
  return shutdown({ app, drain, registration, lingerMs: config.lingerMs });
});

await listenOrExit(app, config.host, config.port);
try {
  registration = await register({
    hosts: config.etcdHosts,
    service: config.service,
    ttlSeconds: config.ttlSeconds,
    endpoint: {
      // An id names one run: whoever restarts is a newcomer, and its former self may be listed for a while yet.
      id: `${config.name}-${randomUUID().slice(0, 8)}`,
      origin: config.advertise ?? app.listeningOrigin,
      weight: config.weight,
      zone: config.zone,
      maxConcurrency: config.maxConcurrency,
      metadata: { name: config.name },
    },
    signal: stopping.signal,
  });
} catch (error) {
  if (!stopping.signal.aborted) exit(app.log, error);
}
