/** Starts the consumer: follows the registry from the first moment, and listens at once; `/readyz` says when there are providers. */
import { configOrExit, exit, listenOptions, startTracing, stopWithParent } from '@lb/common';
import { serve } from '@lb/fastify';

import { buildApp } from './app.ts';
import { command } from './config.ts';
import { logDiscovery } from './log-discovery.ts';

const config = configOrExit(command);
const tracing = await startTracing('consumer', process.env);
const app = await buildApp(config, tracing).catch(exit);
app.addHook('onClose', tracing.close);
logDiscovery(app.log, config.service);
stopWithParent();

try {
  await serve(app, { listen: listenOptions(config.http), lingerMs: config.lingerMs });
} catch (error) {
  exit(error, app.log);
}
