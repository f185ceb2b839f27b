import { closeApp } from '@lb/common';
import type { Registration } from '@lb/registry';
import type { FastifyInstance } from 'fastify';
import { setTimeout as after } from 'node:timers/promises';

/** What a provider consists of when it has to stop. */
export interface Running {
  readonly app: FastifyInstance;
  /** Makes every answer say that we drain. */
  readonly drain: () => void;
  /** `undefined` while etcd has not been reached yet. */
  readonly registration: Registration | undefined;
  readonly lingerMs: number;
}

/**
 * Stops without failing a request: say that we drain, serve on until every consumer has heard it, then stop listening, let what is
 * in flight finish, and leave etcd last.
 */
export async function shutdown({ app, drain, registration, lingerMs }: Running): Promise<void> {
  drain();
  // When etcd is away the key ends with its lease, and answers tell consumers until then.
  await registration
    ?.drain()
    .catch((error: Error) => app.log.warn(`could not tell etcd that we drain: ${error.message}`));
  await after(lingerMs);
  await closeApp(app);
  await registration?.close();
}
