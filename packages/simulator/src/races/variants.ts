/** The default policy with one part of its cost changed: the rows of the ablation. */
import { policies } from '@lb/core';

import type { Contender } from '../contender.ts';
import { SharedLatency, type Variant, VariantLoad } from './variant-load.ts';

const mean = { peak: false, fade: 'typical' } as const;

const options: Readonly<Record<string, Variant>> = {
  'peak, 1 s': {},
  'peak, 0.3 s': { decayMs: 300 },
  'peak, 3 s': { decayMs: 3000 },
  'peak, 10 s': { decayMs: 10_000 },
  'peak, failures as answers': { failureCost: 0 },
  'peak, failure = 10 answers': { failureCost: 10 },
  'peak, silence not counted': { silence: false },
  'peak, newcomer at 0 ms': { seedMs: 0 },
  'peak, newcomer at 1 s': { seedMs: 1000 },
  'peak, steps of 5 ms': { quantumMs: 5 },
  'mean, 1 s, fades to 0': { peak: false },
  'mean, 1 s, does not fade': { peak: false, fade: 'none' },
  'mean, 1 s': mean,
  'mean, 3 s': { ...mean, decayMs: 3000, fadeMs: 3000 },
  'mean, 10 s': { ...mean, decayMs: 10_000, fadeMs: 10_000 },
  'mean, 3 s, power 1.5': { ...mean, decayMs: 3000, fadeMs: 3000, power: 1.5 },
  'mean, 3 s, power 2': { ...mean, decayMs: 3000, fadeMs: 3000, power: 2 },
  'mean, 3 s, power 3': { ...mean, decayMs: 3000, fadeMs: 3000, power: 3 },
};

export const variants: Readonly<Record<string, Contender>> = Object.fromEntries(
  Object.entries(options).map(([name, variant]) => [name, contenderOf(name, variant)]),
);

function contenderOf(name: string, variant: Variant): Contender {
  return {
    name,
    createPolicy: () => {
      const pool = new SharedLatency();
      return { ...policies.p2c(), name, createLoad: () => new VariantLoad(variant, pool) };
    },
  };
}
