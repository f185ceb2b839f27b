/** Starts the consumer: follows the registry from the first moment, and listens at once; `/readyz` says when there are providers. */
import { exit, settingsOrExit, stopWithParent } from '@lb/common';
import { serve } from '@lb/fastify';

import { buildApp } from './app.ts';
import { readConfig } from './config.ts';
import { logDiscovery } from './log-discovery.ts';

const config = settingsOrExit(readConfig);
const app = await buildApp(config);
logDiscovery(app.log, config.service);
stopWithParent();

try {
  await serve(app, { listen: { host: config.host, port: config.port }, lingerMs: config.lingerMs });
} catch (error) {
  exit(app.log, error);
}
