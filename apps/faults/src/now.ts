/**
 * Milliseconds by a clock that all processes of a machine read alike, and that nobody sets: what happened in one process can be put
 * beside what was done to another.
 */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
