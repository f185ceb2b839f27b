/**
 * Independent streams of chance, one for each purpose.
 *
 * Two policies are compared fairly when they meet the same arrivals and the same work. With one stream for everything, a policy that
 * draws twice a pick would shift all that is drawn after it; here each purpose and each client has its own, found by name, so that
 * changing the policy changes nothing else ("common random numbers"; Law, Simulation Modeling and Analysis, ch. 11).
 */
import { type Random, seededRandom } from '@lb/core';

export type Purpose = 'arrivals' | 'service' | 'network' | 'policy' | 'retries' | 'failures' | 'registry' | 'workload';

/** The stream of `seed` for one purpose and one client or server. The same arguments give the same numbers. */
export function stream(seed: number, purpose: Purpose, index = 0): Random {
  const name = `${seed}/${purpose}/${index}`;
  // Two hashes make a seed of 53 bits; with 32, two of the thousands of streams of a large cluster would sooner or later be one.
  return seededRandom(hash(name, 0x9e3779b9) * 2 ** 21 + (hash(name, 0x85ebca6b) >>> 11));
}

/** FNV-1a with a finish that spreads a change in the last letter over all bits (the one of MurmurHash3). */
function hash(text: string, salt: number): number {
  let state = 0x811c9dc5 ^ salt;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
