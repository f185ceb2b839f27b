import { crc32, crc32Next } from '../hash/crc32.ts';
import type { PlacedPeer } from './hash-picker.ts';
import type { RingDialect } from './ketama.ts';
import { Ring } from './ring.ts';

/** Points for each unit of weight. */
const pointsPerWeight = 160;

/** Points in all, past which each peer has less of them: building a ring of as many takes some tenths of a second. */
const maxPoints = 2 ** 20;

/**
 * The ring of nginx (`hash … consistent`) and Perl's Cache::Memcached::Fast: for each unit of weight 160 points, each the CRC-32 of
 * host, port and the point before, and keys by CRC-32. Host and port are those of nginx's configuration, as they are written there.
 *
 * A peer's points do not depend on the others, nor the first of them on its weight, so that a change of weight moves keys only to or from
 * the peer that it is of. nginx has whole weights; here a fraction has its part of the points, and where all are below 1 the largest
 * counts as 1.
 *
 * Source: nginx, `ngx_http_upstream_hash_module.c`.
 */
export const nginxRing: RingDialect = {
  hash: crc32,

  build(placed: readonly PlacedPeer[]): Ring {
    let sum = 0;
    let largest = 0;
    for (const { peer } of placed) {
      sum += peer.weight;
      largest = Math.max(largest, peer.weight);
    }
    const perWeight = Math.min(pointsPerWeight / Math.min(1, largest), maxPoints / sum);
    const counts = placed.map(({ peer }) => Math.max(1, Math.round(peer.weight * perWeight)));
    const size = counts.reduce((total, count) => total + count, 0);
    const points = new Int32Array(size);
    const owners = new Int32Array(size);
    let filled = 0;
    for (const [index, { place }] of placed.entries()) {
      // A zero byte stands between host and port, or after a host without one.
      const start = crc32(place.replace(/:(?=\d*$)|$/, '\0'));
      let point = 0;
      for (const end = filled + counts[index]!; filled < end; filled += 1) {
        point = crc32Next(start, point);
        points[filled] = point;
        owners[filled] = index;
      }
    }
    return new Ring(points, owners, placed.length);
  },
};
