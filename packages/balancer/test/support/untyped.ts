/** `value` where its type is not allowed: what callers in JavaScript hand in, and what undici takes that its types leave out. */
export function untyped(value: unknown): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that is what it is for
  return value as never;
}
