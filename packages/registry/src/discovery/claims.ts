/**
 * Who speaks for a name that several may claim: whoever claimed it last.
 *
 * A process that restarts on its address leaves its old key behind until the lease ends; counting both would send the address twice
 * its share. A claim costs O(1) while nobody contests it.
 */
export interface Claimant {
  readonly key: string;
  readonly createRevision: bigint;
}

export class Claims<T extends Claimant> {
  readonly #claims = new Map<string, T | Set<T>>();
  #contested = 0;

  /** Whether any name has more than one claimant. */
  get contested(): boolean {
    return this.#contested > 0;
  }

  add(name: string, claimant: T): void {
    const known = this.#claims.get(name);
    if (known === undefined) {
      this.#claims.set(name, claimant);
    } else if (known instanceof Set) {
      known.add(claimant);
    } else {
      this.#claims.set(name, new Set([known, claimant]));
      this.#contested += 1;
    }
  }

  remove(name: string, claimant: T): void {
    const known = this.#claims.get(name);
    if (known === claimant) {
      this.#claims.delete(name);
    } else if (known instanceof Set && known.delete(claimant) && known.size === 1) {
      for (const left of known) this.#claims.set(name, left);
      this.#contested -= 1;
    }
  }

  /** Who speaks for `name`. O(claimants of it). */
  winner(name: string): T | undefined {
    const known = this.#claims.get(name);
    if (!(known instanceof Set)) return known;
    let winner: T | undefined;
    for (const claimant of known) if (winner === undefined || isNewer(claimant, winner)) winner = claimant;
    return winner;
  }
}

/** Two keys of one transaction share a revision; any order will do that is the same for everybody. */
function isNewer(one: Claimant, other: Claimant): boolean {
  return (
    one.createRevision > other.createRevision || (one.createRevision === other.createRevision && one.key > other.key)
  );
}
