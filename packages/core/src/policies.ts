/** The policies by name: each pairs a picker with the load that it reads. */
import { InFlight } from './load/in-flight.ts';
import { PowerOfTwoChoices } from './pickers/power-of-two-choices.ts';
import { RoundRobin } from './pickers/round-robin.ts';
import { SmoothWeightedRoundRobin } from './pickers/smooth-weighted-round-robin.ts';
import { UniformRandom } from './pickers/uniform-random.ts';
import { WeightedRandom } from './pickers/weighted-random.ts';
import type { Picker, Policy } from './policy.ts';

const counted = (name: string, createPicker: Policy['createPicker']): Policy => ({
  name,
  createLoad: () => new InFlight(),
  createPicker,
});

export const policies = {
  /** Any peer, each as likely as the next. */
  random: (): Policy => counted('random', (peers, random): Picker => new UniformRandom(peers, random)),
  /** One after the other. */
  roundRobin: (): Policy =>
    counted('roundRobin', (peers, random, previous): Picker => new RoundRobin(peers, random, previous)),
  /** An even rotation by weight, as in nginx. */
  smoothWeightedRoundRobin: (): Policy =>
    counted(
      'smoothWeightedRoundRobin',
      (peers, random, previous): Picker => new SmoothWeightedRoundRobin(peers, random, previous),
    ),
  /** Any peer, each as likely as its weight says. */
  weightedRandom: (): Policy => counted('weightedRandom', (peers, random): Picker => new WeightedRandom(peers, random)),
  /** The less busy, per unit of weight, of two drawn by weight. */
  p2c: (): Policy => counted('p2c', (peers, random): Picker => new PowerOfTwoChoices(peers, random)),
} as const;
