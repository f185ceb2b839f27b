/**
 * Measures one subject at one size, in a process of its own, and prints the figures as JSON: `measure.ts NAME SIZE WHAT…`.
 *
 * Of its own, since what has run before in a process decides how the engine compiles what runs next; a service runs one or two policies,
 * not twenty. The floor is measured in the same process, in turns with the subject, so that a ratio compares like with like on a
 * machine that others use too, and of all rounds the fastest counts: whatever disturbs only ever adds.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { do_not_optimize, measure } from 'mitata';

import type { Subject } from './subject.ts';
import { createSubject } from './subjects.ts';

/** Rounds of each measurement; updates take milliseconds, which little disturbs and many rounds would make minutes. */
const rounds = { pick: 5, cycle: 5, rebuild: 2, update: 2 };

async function nanoseconds(run: () => unknown): Promise<number> {
  const { p50 } = await measure(run, { min_cpu_time: 60_000_000, min_samples: 10 });
  return p50;
}

async function fastest(subject: Subject, what: 'pick' | 'cycle' | 'rebuild' | 'update', floor: Subject) {
  let least = Infinity;
  let leastFloor = Infinity;
  for (let round = 0; round < rounds[what]; round += 1) {
    leastFloor = Math.min(leastFloor, await nanoseconds(() => do_not_optimize(floor.pick())));
    least = Math.min(least, await nanoseconds(() => do_not_optimize(subject[what]?.())));
  }
  return { least, leastFloor };
}

/**
 * How much the heap grows over ten million picks, garbage included. Measured in parts that begin with a collection and are too small
 * to cause one, since that would hide what was allocated before it.
 */
function heapGrowth(subject: Subject): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('No garbage can be collected');
  const parts = 100;
  const pickMany = (count: number): void => {
    for (let pick = 0; pick < count; pick += 1) do_not_optimize(subject.pick());
  };
  pickMany(1_000_000);
  let growth = 0;
  for (let part = 0; part < parts; part += 1) {
    collect();
    const before = process.memoryUsage().heapUsed;
    pickMany(10_000_000 / parts);
    growth += process.memoryUsage().heapUsed - before;
  }
  return growth;
}

const [name = '', size = '3', ...wanted] = process.argv.slice(2);
const subject = createSubject(name, Number(size));
const floor = createSubject('bare random index', Number(size));
const figures: Record<string, number | string> = { name, size: Number(size) };
let leastFloor = Infinity;
for (const what of ['pick', 'cycle', 'rebuild', 'update'] as const) {
  if (!wanted.includes(what)) continue;
  const { least, leastFloor: again } = await fastest(subject, what, floor);
  figures[what] = least;
  leastFloor = Math.min(leastFloor, again);
}
if (leastFloor < Infinity) figures.floor = leastFloor;
if (wanted.includes('growth')) figures.growth = heapGrowth(subject);
process.stdout.write(JSON.stringify(figures));
