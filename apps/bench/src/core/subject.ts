/** Something that picks one of a number of peers, ready to be measured. */
export interface Subject {
  pick(): unknown;
  /** A pick with the begin and the end of its request. */
  cycle?(): void;
  /** A change of one endpoint, as far as it is worked out at once. */
  rebuild?(): void;
  /** A change of one endpoint and the first pick after it, which works out the rest. */
  update?(): void;
}

/**
 * More than the 5 000 that `hashring` remembers the answers of, as the users or sessions of a real service are. Each in one piece, as a
 * header comes out of the parser: what a template makes is two strings and a note to join them, which every reader would go around by.
 */
export const keys: readonly string[] = Array.from({ length: 65_536 }, (_, index) =>
  Buffer.from(`user-${(index * 2_654_435_761) >>> 0}`).toString('latin1'),
);

/** The weights of the peers, in turn 1, 2 and 3, for whoever knows weights. */
export function weightOf(index: number): number {
  return 1 + (index % 3);
}
