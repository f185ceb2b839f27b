import type { Random } from './policy.ts';

/**
 * A repeatable source of chance: the same seed gives the same picks, which makes tests, simulations and bug reports exact.
 *
 * sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, 32 bits of output, passes PractRand and BigCrush. Not for secrets.
 */
export function seededRandom(seed: number): Random {
  let a = 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = seed | 0;
  let counter = 1;
  const next: Random = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // Its author's seeding: twelve rounds spread a seed of few bits over the whole state.
  for (let round = 0; round < 12; round += 1) next();
  return next;
}
