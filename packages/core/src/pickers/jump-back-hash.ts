import { mix32 } from '../hash/murmur3.ts';

/**
 * The bucket, from 0 to `buckets - 1`, of a hash of 32 bits: as even and as stable as {@link jumpHash}, without its chain of divisions.
 * O(1): 2.5 numbers are drawn at most, on average; less than one where `buckets` is a power of two.
 *
 * Think of a key as drawing numbers below 2^k until one is below `buckets`. Each bucket is as likely as the next, and one bucket more
 * changes the answer of those keys alone that had drawn its number before: they move to it, and nothing else moves. Above 2^k
 * buckets the numbers are drawn below twice as much; for nothing to move there either, one in the lower half stands for whatever
 * the key draws below 2^k. And so on down, though not step by step: a bit of the hash for each k says in advance whether the first
 * number will be in the upper half.
 *
 * `buckets` is at most 2^31.
 *
 * Source: Otmar Ertl, "JumpBackHash: Say Goodbye to the Modulo Operation to Distribute Keys Uniformly to Buckets", 2024.
 */
export function jumpBackHash(hash: number, buckets: number): number {
  // The bits of all k that there are for so many buckets.
  let uppers = hash & ((1 << (32 - Math.clz32(buckets - 1))) - 1);
  while (uppers !== 0) {
    const half = 1 << (31 - Math.clz32(uppers));
    let seed = hash ^ half;
    let drawn = half | (mix32(seed) & (half - 1));
    while (drawn >= buckets) {
      // Adding an odd number goes through all seeds, and mixing is one to one: a number that is low enough will come.
      seed = (seed + 0x9e3779b1) | 0;
      drawn = mix32(seed) & (2 * half - 1);
    }
    if (drawn >= half) return drawn;
    uppers ^= half;
  }
  return 0;
}
