/** The parts of `pnpm bench:services` that no busy machine can spoil: the real consumer, what it answers, and what its provider sees. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { oversize, smuggle } from '../src/services/abuse.ts';
import type { AppProcess } from '../src/services/app-process.ts';
import { Recorder } from '../src/services/recorder.ts';
import { System } from '../src/services/system.ts';

const stack = new AsyncDisposableStack();
let consumer: AppProcess;
let recorder: Recorder;

beforeAll(async () => {
  const system = stack.use(await System.start());
  recorder = stack.use(await Recorder.start(system.etcdHosts));
  // It follows the recorder from the start, so that being ready means to have found it.
  consumer = await system.consumer('consumer', { LB_SERVICE: 'recorder' });
});
afterAll(() => stack.disposeAsync());

const broken = (promises: readonly { readonly kept: boolean }[]): unknown[] => promises.filter(({ kept }) => !kept);

it('lets nothing of the smuggling corpus through, and answers each request as it should', async () => {
  const { promises, figures } = await smuggle(consumer, recorder);
  expect(broken(promises)).toEqual([]);
  expect(figures['corpus']).toBeGreaterThanOrEqual(30);
});

it('refuses bodies that are too large with 413, and gives no provider a part of them for the whole', async () => {
  const { promises } = await oversize(consumer, recorder);
  expect(broken(promises)).toEqual([]);
});
