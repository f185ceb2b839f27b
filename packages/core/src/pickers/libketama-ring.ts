import { md5 } from '../hash/md5.ts';
import type { PlacedPeer } from './hash-picker.ts';
import { Ring } from './ring.ts';
import type { RingDialect } from './ketama.ts';

/** MD5 digests for each peer of mean weight; each gives four points. */
const hashesPerPeer = 40;

/** Keeps a share that is exact in arithmetic from falling below a whole number by rounding, as seven equal ones would. */
const roundingSlack = 1e-9;

const digest = new Int32Array(4);

/**
 * The ring of memcached clients, as libketama, libmemcached's weighted mode, twemproxy and the npm package `hashring` lay it: four
 * points from each MD5 of `host:port-i`, ⌊share · 40 · n⌋ of them, and keys by MD5, which is nearly all that a pick then costs: its 64 steps
 * wait for one another.
 *
 * There is at least one MD5 for each peer, where libmemcached has none for a peer of less than 1/40 of the mean weight: what weighs
 * anything gets something.
 *
 * Sources: Richard Jones, libketama, 2007; weights: libmemcached, `hosts.cc`.
 */
export const libketamaRing: RingDialect = {
  hash(key: string): number {
    md5(key, digest);
    return digest[0]!;
  },

  build(placed: readonly PlacedPeer[]): Ring {
    let sum = 0;
    for (const { peer } of placed) sum += peer.weight;
    const points: number[] = [];
    const owners: number[] = [];
    for (const [index, { peer, place }] of placed.entries()) {
      const share = (peer.weight / sum) * placed.length;
      const hashes = Math.max(1, Math.floor(share * hashesPerPeer + roundingSlack));
      for (let hash = 0; hash < hashes; hash += 1) {
        md5(`${place}-${hash}`, digest);
        for (const word of digest) {
          points.push(word);
          owners.push(index);
        }
      }
    }
    return new Ring(points, owners, placed.length);
  },
};
