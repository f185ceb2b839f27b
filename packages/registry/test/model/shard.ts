/** Runs the model in this process, as `FC_RUNS`, `FC_SEED` and so on say, and ends with one line of JSON. */
import { startRealEtcd } from '@lb/testkit';
import { inspect } from 'node:util';

import { runModel } from './run.ts';

const { env } = process;
const seed = Number(env['FC_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const etcd = env['MODEL_ON'] === 'real' ? await startRealEtcd() : undefined;
try {
  const result = await runModel({
    runs: Number(env['FC_RUNS'] ?? 100),
    seed,
    path: env['FC_PATH'],
    replayPath: env['FC_REPLAY'],
    shrink: env['FC_SHRINK'] !== 'off',
    etcd,
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stdout.write(`${inspect(error)}\n`);
  process.exitCode = 1;
} finally {
  await etcd?.close();
}
// Node's own clean-up after HTTP/2 on a stream in JavaScript, which the embedded etcd makes use of, may never end.
process.exit();
