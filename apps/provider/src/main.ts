/** Starts one provider. */
import { configOrExit, exit, listenOptions, startTracing, stopWithParent } from '@lb/common';
import { serve } from '@lb/fastify';
import { randomUUID } from 'node:crypto';

import { buildApp } from './app.ts';
import { command } from './config.ts';
import { logRegistration } from './log-registration.ts';

const config = configOrExit(command);
const tracing = await startTracing('provider', process.env);
const app = await buildApp(config).catch(exit);
app.addHook('onClose', tracing.close);
logRegistration(app.log);
stopWithParent();

// An id names one run: whoever restarts is a newcomer, and its former self may be listed for a while yet.
const id = `${config.name}-${randomUUID().slice(0, 8)}`;
try {
  await serve(app, {
    listen: listenOptions(config.http),
    register: { ...config.register, endpoint: { ...config.register.endpoint, id } },
    lingerMs: config.lingerMs,
  });
} catch (error) {
  exit(error, app.log);
}
