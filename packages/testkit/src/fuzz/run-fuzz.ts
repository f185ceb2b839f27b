/**
 * The command of a folder `fuzz`: so many cases for each target, in a thread that is watched from outside.
 *
 * Findings and hangs are kept in the corpus, which the tests replay, so that each is a regression test from then on.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { parseArgs } from 'node:util';

import { keep, readCorpus } from './corpus.ts';
import { fuzz, FuzzFinding, type FuzzTarget } from './fuzz.ts';
import { seededChance } from './mutate.ts';

/** With a case under way for so long it hangs: all of them are of a few kilobytes. */
const hangMs = 20_000;
const longestInput = 64 * 1024;

interface Settings {
  readonly cases: number;
  readonly seed: number;
  readonly only: readonly string[];
  readonly grow: boolean;
  /** Number of cases begun, length of the input, index of the target. */
  readonly state: SharedArrayBuffer;
  readonly input: SharedArrayBuffer;
}

/**
 * Runs the command: `--cases N` for each target, a tenth of it for slow ones, `--seed N`, `--only NAME` and `--grow`, which keeps inputs of new consequences. Call it
 * from the file that is started, with its own URL: the thread starts that file again.
 */
export async function runFuzz(file: string, targets: readonly FuzzTarget[]): Promise<void> {
  const root = new URL('corpus/', file);
  if (isMainThread) await supervise(file, root, targets);
  else await work(workerData, root, targets);
}

async function supervise(file: string, root: URL, targets: readonly FuzzTarget[]): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '250000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true, default: [] },
      grow: { type: 'boolean', default: false },
    },
  });
  const settings: Settings = {
    cases: Number(values.cases),
    seed: Number(values.seed),
    only: values.only,
    grow: values.grow,
    state: new SharedArrayBuffer(12),
    input: new SharedArrayBuffer(longestInput),
  };
  if (!Number.isSafeInteger(settings.cases + settings.seed))
    throw new RangeError('--cases and --seed take whole numbers');
  const worker = new Worker(new URL(file), { workerData: settings });
  const state = new Int32Array(settings.state);
  let last = -1;
  const watchdog = setInterval(() => {
    const begun = Atomics.load(state, 0);
    if (begun === last && begun > 0) {
      const target = targets[state[2] ?? 0]?.name ?? '';
      const path = keep(root, target, 'found', Buffer.from(settings.input).subarray(0, state[1]));
      process.stdout.write(`"${target}" hangs; the input is in ${path}\n`);
      process.exitCode = 1;
      void worker.terminate();
    }
    last = begun;
  }, hangMs);
  await new Promise<void>((resolve) => {
    worker.on('message', (text: string) => void process.stdout.write(text));
    worker.on('error', (error) => {
      process.stdout.write(`${error.stack ?? error.message}\n`);
      process.exitCode = 1;
    });
    worker.on('exit', (code) => {
      if (code !== 0) process.exitCode = 1;
      resolve();
    });
  });
  clearInterval(watchdog);
}

async function work(
  { cases, seed, only, grow, state: shared, input: place }: Settings,
  root: URL,
  targets: readonly FuzzTarget[],
): Promise<void> {
  const state = new Int32Array(shared);
  const written = new Uint8Array(place);
  for (const [index, target] of targets.entries()) {
    if (only.length > 0 && !only.includes(target.name)) continue;
    state[2] = index;
    const onCase = (input: Buffer): void => {
      written.set(input.subarray(0, longestInput));
      state[1] = input.length;
      Atomics.add(state, 0, 1);
    };
    const corpus = [...readCorpus(root, target.name).values()];
    const started = performance.now();
    try {
      const count = target.slow === true ? Math.ceil(cases / 10) : cases;
      const result = await fuzz(target, { cases: count, random: seededChance(seed * 1000 + index), corpus, onCase });
      if (grow) for (const input of result.novel) keep(root, target.name, 'novel', input);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      tell(
        `${target.name}: ${result.cases} cases in ${seconds} s, ${result.consequences.size} consequences, none against a promise\n`,
      );
    } catch (error) {
      if (!(error instanceof FuzzFinding)) throw error;
      const path = keep(root, target.name, 'found', error.input);
      tell(`${error.message}\nThe input is in ${path}\n${error.cause instanceof Error ? error.cause.stack : ''}\n`);
      process.exitCode = 1;
    }
  }
}

function tell(text: string): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(text);
}
