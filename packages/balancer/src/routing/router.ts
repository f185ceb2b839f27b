/**
 * Where a request may go: its key for sticky policies, the tags that it insists on, and what it would rather have, such as its share
 * of a split or its zone. What it would rather have never makes a request fail: when nobody there has room, anybody will do.
 */
import { checkNumber, InvalidOptionError, murmur3, type Peer, type Random } from '@lb/core';

import type { HeaderList } from '../headers/header-list.ts';
import { type HashKey, type KeyReader, keyReader } from './hash-key.ts';
import type { PeerGroups, Tags } from './peer-groups.ts';
import { anywhere, type Route, union } from './route.ts';

/** One side of a split of all requests. */
export interface SplitPart {
  /** Metadata of the endpoints that get this part. */
  readonly tags: Tags;
  /** How large the part is, relative to the others. */
  readonly weight: number;
}

/** What a request says of where it wants to go. */
export interface RouteWish {
  /** What sticky policies hash, instead of what the balancer's `hashKey` finds. */
  readonly hashKey?: string | undefined;
  /** Metadata that the endpoint must have. Fails with `NoEndpointError` when there is none. */
  readonly tags?: Tags | undefined;
  /** Zone to stay in while somebody there has room. */
  readonly zone?: string | undefined;
  /** Ids of endpoints to go to only when nobody else has room. */
  readonly exclude?: Iterable<string> | undefined;
}

export interface RouterOptions {
  readonly hashKey?: HashKey | undefined;
  readonly split?: readonly SplitPart[] | undefined;
}

export class Router {
  readonly #groups: PeerGroups;
  readonly #peers: () => Iterable<Peer>;
  readonly #random: Random;
  readonly #readKey: KeyReader | undefined;
  readonly #split: readonly SplitPart[];
  readonly #splitWeight: number;

  /** @throws {InvalidOptionError} */
  constructor(options: RouterOptions, groups: PeerGroups, peers: () => Iterable<Peer>, random: Random) {
    const { hashKey, split = [] } = options;
    this.#groups = groups;
    this.#peers = peers;
    this.#random = random;
    this.#readKey = hashKey && keyReader(hashKey);
    this.#split = split;
    this.#splitWeight = split.reduce((sum, part) => sum + checkPart(part), 0);
    if (split.length > 0 && this.#splitWeight === 0) {
      throw new InvalidOptionError('split', 'parts of which one has a weight above 0', split);
    }
  }

  /** O(1), but for `exclude`, which is O(n), and the first request for a group after a change of the pool. */
  route(method: string, path: string, headers: HeaderList, wish: RouteWish): Route {
    const key = wish.hashKey ?? this.#readKey?.(method, path, headers);
    const split = this.#drawPart(key);
    if (split === undefined && wish.tags === undefined && wish.zone === undefined && wish.exclude === undefined) {
      return key === undefined ? anywhere : { ...anywhere, key };
    }
    const { tags, zone } = wish;
    const groups = this.#groups;
    const excluded = wish.exclude && new Set(wish.exclude);
    const named = (ids: ReadonlySet<string>): ReadonlySet<Peer> => this.#named(ids);
    // Looked up at each pick: a request may wait, for the first snapshot or for room, and whoever joins meanwhile has tags, too.
    return {
      key,
      get barred() {
        return tags && groups.withoutTags(tags);
      },
      get avoided() {
        return union(
          split && groups.withoutTags(split.tags),
          zone === undefined ? undefined : groups.outsideZone(zone),
          excluded && named(excluded),
        );
      },
    };
  }

  /** A part by its weight. The same key always draws the same part, so that nobody changes sides from one request to the next. */
  #drawPart(key: string | undefined): SplitPart | undefined {
    if (this.#split.length === 0) return undefined;
    const drawn = key === undefined ? this.#random() : murmur3(key, splitSeed) / 2 ** 32;
    let left = drawn * this.#splitWeight;
    return this.#split.find(({ weight }) => (left -= weight) < 0) ?? this.#split.at(-1);
  }

  #named(ids: ReadonlySet<string>): ReadonlySet<Peer> {
    return new Set([...this.#peers()].filter(({ id }) => ids.has(id)));
  }
}

/** Any number but that of the sticky policies: a key's side must not depend on its place among the peers. */
const splitSeed = 0x5eed;

function checkPart({ tags, weight }: SplitPart): number {
  if (typeof tags !== 'object' || tags === null)
    throw new InvalidOptionError('split.tags', 'an object of strings', tags);
  return checkNumber('split.weight', weight, { min: 0, max: Number.MAX_VALUE });
}
