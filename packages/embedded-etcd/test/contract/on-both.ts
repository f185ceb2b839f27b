import { hasEtcd } from '@lb/testkit';
import { afterAll, beforeAll, describe } from 'vitest';

import type { TestServer } from './context.ts';
import { implementations } from './servers.ts';

const missing = hasEtcd() ? '' : ' (skipped: there is no etcd on the PATH)';

/** Tests that compare the embedded server with a real one: `define` is given both, which run once the tests do. */
export function onBoth(title: string, define: (servers: readonly TestServer[]) => void): void {
  describe.skipIf(missing !== '')(`${title}${missing}`, () => {
    const servers: TestServer[] = [];

    beforeAll(async () => {
      servers.push(...(await Promise.all(implementations.map(({ start }) => start()))));
    });

    afterAll(async () => {
      await Promise.all(servers.map((server) => server.close()));
    });

    define(servers);
  });
}
