/** Indexes of peers, one for each slot that a key can fall into. */
export type IndexTable = Uint16Array | Int32Array;

/**
 * A table of `size` zeros for numbers up to `largest`: of two bytes each where these do. Keys look into a table at random, so the
 * half that fits a nearer cache is the faster half.
 */
export function indexTable(size: number, largest: number): IndexTable {
  return largest < 2 ** 16 ? new Uint16Array(size) : new Int32Array(size);
}
