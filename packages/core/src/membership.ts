/**
 * The peers that a pool has, and how they follow what the registry says: found by endpoint id, kept for as long as the id is
 * known, whatever order, address or object the endpoint comes back in.
 */
import type { Endpoint, Snapshot } from './endpoint.ts';
import type { Member } from './member.ts';
import { isCandidate, type Peer } from './peer.ts';
import { Roster, type RosterChange, type SuspicionOptions } from './roster.ts';
import type { Subset } from './subset/subset.ts';

/** What an update changed. A peer is in at most one of the lists. */
export interface PoolChange {
  readonly added: readonly Peer[];
  readonly removed: readonly Peer[];
  /** Those that stayed, with an endpoint that says something new, or that were suspect and are listed again. */
  readonly changed: readonly Peer[];
  /** Those that stayed although the registry no longer lists them. */
  readonly suspected: readonly Peer[];
}

export interface MembershipOptions {
  readonly suspicion: SuspicionOptions | undefined;
  readonly subset: Subset | undefined;
  /** Makes the member for a new endpoint. */
  readonly create: (endpoint: Endpoint, now: number) => Member;
}

export class Membership {
  readonly #roster: Roster;
  readonly #subset: Subset | undefined;
  readonly #create: MembershipOptions['create'];
  readonly #byId = new Map<string, Member>();
  #all: readonly Member[] = [];
  #arrangements = 0;

  constructor(options: MembershipOptions) {
    this.#roster = new Roster(options.suspicion);
    this.#subset = options.subset;
    this.#create = options.create;
  }

  get revision(): number {
    return this.#roster.revision;
  }

  /** How long back a baseline of its size should look. */
  get baselineMs(): number {
    return this.#roster.baselineMs;
  }

  /** In the order of the snapshot that last changed who is there; suspects after the others. */
  get all(): readonly Member[] {
    return this.#all;
  }

  /** The member that `peer` is, unless it has left. */
  find(peer: Peer): Member | undefined {
    const member = this.#byId.get(peer.id);
    return member?.peer === peer ? member : undefined;
  }

  /**
   * Follows a snapshot. `retired` is how many present peers have stopped asking for work, or are left out by the subset: what the
   * pool has less of for a reason that is known. O(n), or O(n log n) with a subset.
   */
  update(snapshot: Snapshot, now: number): PoolChange & { readonly retired: number } {
    const seen = this.#roster.apply(snapshot, (id) => this.#byId.get(id)?.peer.ejection !== undefined, now);
    const followed = this.#subset === undefined ? this.#follow(seen, now) : this.#followSubset(this.#subset, now);
    let { retired } = followed;

    const changed = new Set(followed.reshared);
    let cleared = false;
    for (const endpoint of seen.changed) {
      const member = this.#byId.get(endpoint.id);
      if (member === undefined) continue;
      const { peer } = member;
      const asked = isCandidate(peer);
      if (peer.suspect || saysNew(peer.endpoint, endpoint)) changed.add(peer);
      cleared ||= peer.suspect;
      peer.suspect = false;
      peer.endpoint = endpoint;
      member.refreshLimit();
      if (asked && !isCandidate(peer)) retired += 1;
    }
    const suspected: Peer[] = [];
    for (const { id } of seen.suspected) {
      const peer = this.#byId.get(id)?.peer;
      if (peer === undefined) continue;
      peer.suspect = true;
      suspected.push(peer);
      changed.delete(peer);
    }
    const { added, removed } = followed;
    if (added.length > 0 || removed.length > 0 || suspected.length > 0 || cleared) this.#arrange(snapshot);
    return { added, removed, changed: [...changed], suspected, retired };
  }

  /** Drops a suspect that has been shown to be gone. O(n). */
  purge(member: Member): void {
    this.#roster.forget(member.peer.id);
    this.#drop(member);
    this.#all = this.#all.filter((other) => other !== member);
  }

  #follow(seen: RosterChange, now: number): Followed {
    const removed = seen.removed.map(({ id }) => this.#drop(this.#byId.get(id)!));
    const added = seen.added.map((endpoint) => this.#add(endpoint, now).peer);
    return { added, removed, reshared: [], retired: 0 };
  }

  #followSubset(subset: Subset, now: number): Followed {
    const shares = subset([...this.#roster.ids]);
    const followed = { added: [] as Peer[], removed: [] as Peer[], reshared: [] as Peer[], retired: 0 };
    for (const [id, member] of this.#byId) {
      const listed = this.#roster.get(id) !== undefined;
      if (listed && (shares.get(id) ?? 0) > 0) continue;
      if (listed && isCandidate(member.peer)) followed.retired += 1;
      followed.removed.push(this.#drop(member));
    }
    for (const [id, share] of shares) {
      const endpoint = this.#roster.get(id);
      if (endpoint === undefined || !(share > 0)) continue;
      let member = this.#byId.get(id);
      if (member === undefined) {
        member = this.#add(endpoint, now);
        followed.added.push(member.peer);
      } else if (member.share !== share) {
        followed.reshared.push(member.peer);
      }
      member.share = share;
    }
    return followed;
  }

  #add(endpoint: Endpoint, now: number): Member {
    const member = this.#create(endpoint, now);
    member.peer.suspect = this.#roster.isSuspect(endpoint.id);
    this.#byId.set(endpoint.id, member);
    return member;
  }

  #drop(member: Member): Peer {
    member.removed = true;
    this.#byId.delete(member.peer.id);
    return member.peer;
  }

  #arrange(snapshot: Snapshot): void {
    const number = (this.#arrangements += 1);
    const before = this.#all;
    const all: Member[] = [];
    const place = (member: Member | undefined): void => {
      if (member === undefined || member.placed === number) return;
      member.placed = number;
      all.push(member);
    };
    // Most stand where they stood, so who is next is mostly known without looking it up.
    let next = 0;
    for (const endpoint of snapshot.endpoints) {
      while (before[next]?.removed === true) next += 1;
      const expected = before[next];
      if (expected?.peer.endpoint === endpoint) {
        place(expected);
        next += 1;
      } else {
        place(this.#byId.get(endpoint.id));
      }
    }
    if (all.length < this.#byId.size) for (const member of this.#byId.values()) place(member);
    this.#all = all;
  }
}

interface Followed {
  readonly added: Peer[];
  readonly removed: Peer[];
  /** Those of which the subset uses another part than before. */
  readonly reshared: readonly Peer[];
  readonly retired: number;
}

function saysNew(before: Endpoint, after: Endpoint): boolean {
  return (
    before.weight !== after.weight ||
    before.state !== after.state ||
    before.maxConcurrency !== after.maxConcurrency ||
    before.origin !== after.origin ||
    before.zone !== after.zone ||
    before.startedAt !== after.startedAt ||
    !sameEntries(before.metadata, after.metadata)
  );
}

function sameEntries(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(before);
  return keys.length === Object.keys(after).length && keys.every((key) => before[key] === after[key]);
}
