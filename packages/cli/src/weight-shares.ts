import type { Endpoint } from '@lb/core';

/** The part of the weight of all that serve, by id; those that drain have none. */
export function weightShares(endpoints: readonly Endpoint[]): ReadonlyMap<string, number> {
  const serving = endpoints.filter(({ state }) => state === 'serving');
  const sum = serving.reduce((total, { weight = 1 }) => total + weight, 0);
  return new Map(serving.map(({ id, weight = 1 }) => [id, sum === 0 ? 0 : weight / sum]));
}

/** With a star where an operator has set it. */
export function marked(text: string, overridden: object | undefined): string {
  return overridden === undefined ? text : `${text}*`;
}
