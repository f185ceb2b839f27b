import { type IndexTable, indexTable } from './index-table.ts';

/** Where a peer's turns lead: it takes the first free of the slots `offset`, `offset + skip`, `offset + 2·skip` … */
export interface Permutation {
  readonly offset: number;
  /** From 1 to size - 1, so that it is prime to the size and every slot is reached. */
  readonly skip: number;
  readonly weight: number;
}

/**
 * Maglev's table of `size` slots, a prime: the peers take turns, each turn taking the next free slot of the peer's own permutation,
 * until none is free. Holds indexes into `permutations`. O(size · (log size + largest weight / mean weight)), on average.
 *
 * With weights, a peer of half the largest has a turn in every second round, and so on; all have one in the first, so that whoever
 * weighs anything has a slot. Sources: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016,
 * §3.4; turns by weight as in Envoy, `maglev_lb.cc`.
 */
export function maglevTable(permutations: readonly Permutation[], size: number): IndexTable {
  const table = new Int32Array(size).fill(-1);
  const next = Int32Array.from(permutations, ({ offset }) => offset);
  const skips = Int32Array.from(permutations, ({ skip }) => skip);
  const largest = permutations.reduce((most, { weight }) => Math.max(most, weight), 0);
  const parts = Float64Array.from(permutations, ({ weight }) => weight / largest);
  const turns = new Int32Array(permutations.length);

  let free = size;
  for (let round = 0; ; round += 1) {
    for (let index = 0; index < skips.length; index += 1) {
      if (round * parts[index]! < turns[index]!) continue;
      turns[index]! += 1;
      const skip = skips[index]!;
      let slot = next[index]!;
      // Offset and skip are below the size, so a subtraction does for the remainder, at a fraction of its cost.
      while (table[slot] !== -1) slot = slot + skip < size ? slot + skip : slot + skip - size;
      table[slot] = index;
      next[index] = slot;
      free -= 1;
      if (free === 0) return compact(table, permutations.length);
    }
  }
}

function compact(table: Int32Array, count: number): IndexTable {
  const compacted = indexTable(table.length, count);
  compacted.set(table);
  return compacted;
}
