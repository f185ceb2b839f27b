import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import { authCases } from './contract/auth.cases.ts';
import { type Cases, Context, type TestServer } from './contract/context.ts';
import { etcd3Cases } from './contract/etcd3.cases.ts';
import { kvCases } from './contract/kv.cases.ts';
import { txnCases } from './contract/txn.cases.ts';
import { watchCases } from './contract/watch.cases.ts';
import { leaseCases } from './contract/lease.cases.ts';
import { maintenanceCases } from './contract/maintenance.cases.ts';
import { recipeCases } from './contract/recipes.cases.ts';
import { implementations } from './contract/servers.ts';

const groups: Readonly<Record<string, Cases>> = {
  KV: kvCases,
  Txn: txnCases,
  Watch: watchCases,
  Lease: leaseCases,
  Auth: authCases,
  Maintenance: maintenanceCases,
  Recipes: recipeCases,
  etcd3: etcd3Cases,
};

describe.each(implementations)('on $name', ({ name, missing, start }) => {
  describe.skipIf(missing !== undefined)(`the contract${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    let server: TestServer;
    let passed = 0;
    const total = Object.values(groups).reduce((sum, cases) => sum + Object.keys(cases).length, 0);

    beforeAll(async () => {
      server = await start();
    });

    afterAll(async () => {
      await server.close();
      process.stdout.write(`contract: ${passed} of ${total} cases hold for ${name}\n`);
    });

    describe.each(Object.entries(groups))('%s', (_group, cases) => {
      test.each(Object.entries(cases))('%s', async (_title, run) => {
        const context = new Context(server);
        onTestFinished(() => context.end());
        await context.begin();
        await run(context);
        passed += 1;
      });
    });
  });
});
