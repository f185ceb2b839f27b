/**
 * What each part of the default policy's cost is worth: the courses of `race-1-2-3`, with one part changed at a time. Another policy object
 * with the same pool; the cost is that of `VariantLoad`.
 */
import type { Contender } from '../contender.ts';
import { contenders } from '../contenders.ts';
import type { Race } from './race.ts';
import { race123 } from './race-1-2-3.ts';
import { variants } from './variants.ts';

const field: readonly Contender[] = [
  contenders.p2cLatency,
  contenders.p2cPeakEwma,
  contenders.p2c,
  ...Object.values(variants),
  { ...contenders.p2cLatency, name: 'p2cLatency, no ramp', pool: { slowStart: false } },
  { ...contenders.p2cLatency, name: 'p2cLatency, no ejection', pool: { ejection: false } },
  contenders.oracle,
];

export const ablation: Race = {
  name: 'ablation',
  about: 'The courses of race-1-2-3, with one part of the default cost changed at a time.',
  courses: race123.courses.map((course) => ({ ...course, contenders: field })),
  runs: 3,
  summed: true,
};
