import type { Contender } from '../contender.ts';

/** `contender` with weights set by hand, by endpoint id, and no other knowledge of the endpoints: what a configuration file does. */
export function withWeights(contender: Contender, name: string, weights: Readonly<Record<string, number>>): Contender {
  return {
    ...contender,
    name,
    pool: { ejection: false, slowStart: false },
    endpoint: (endpoint) => ({ ...endpoint, maxConcurrency: undefined, weight: weights[endpoint.id] ?? 1 }),
  };
}
