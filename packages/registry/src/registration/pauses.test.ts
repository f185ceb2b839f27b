import { seededRandom } from '@lb/core';
import { describe, expect, it } from 'vitest';

import { EtcdError, IdTakenError } from '../errors.ts';
import { Pauses } from './pauses.ts';

const providers = 10_000;
const ttlMs = 15_000;
/** Leases with a key that an etcd takes in a second: 850 to 970 on two shared cores. */
const etcdTakes = 1000;

describe('ten thousand providers', () => {
  const random = seededRandom(1);
  const fleet = Array.from({ length: providers }, () => new Pauses(ttlMs, random));

  it('that lost their registry together come back no faster than it takes them, and all within a TTL', () => {
    const waits = fleet.map((pauses) => pauses.afterLoss('outage'));
    const seconds = Array.from({ length: 15 }, () => 0);
    for (const wait of waits) seconds[Math.floor(wait / 1000)]! += 1;
    // N = 10 000 over 10 s: 1000 each, with a standard deviation of 30.
    expect(Math.max(...seconds)).toBeLessThan(etcdTakes + 150);
    expect(Math.max(...waits)).toBeLessThan(ttlMs);
  });

  it('whose grants come too late ask ever less often', () => {
    const late = new EtcdError('ERR_ETCD_TIMEOUT', 'leaseGrant', '127.0.0.1:2379', {});
    // Every grant fails for two minutes; a call takes 2 s to fail.
    const asked = Array.from({ length: 120 }, () => 0);
    for (const pauses of fleet) {
      for (let at = pauses.afterLoss('outage'); at < 120_000; at += 2000 + pauses.afterFailure(late)) {
        asked[Math.floor(at / 1000)]! += 1;
      }
    }
    const atTheEnd = asked.slice(60);
    // A call of 2 s and a wait of 7.5 s on average.
    expect(Math.max(...atTheEnd)).toBeLessThan(1250);
  });
});

it('whoever was lost alone is back within a quarter of a second', () => {
  const pauses = new Pauses(ttlMs, () => 0.999_999);
  expect(pauses.afterLoss('revoked')).toBeLessThan(250);
  expect(pauses.afterLoss('paused')).toBeLessThan(250);
});

it('waits about a TTL for an id that another process holds', () => {
  const taken = new IdTakenError('hash', 'a');
  expect(new Pauses(ttlMs, () => 0).afterFailure(taken)).toBe(ttlMs * 0.85);
  expect(new Pauses(ttlMs, () => 0.999_999).afterFailure(taken)).toBeLessThanOrEqual(ttlMs);
});

it('begins from the shortest wait again once something has worked', () => {
  const pauses = new Pauses(ttlMs, () => 0.999_999);
  const away = new EtcdError('ERR_ETCD_UNAVAILABLE', 'leaseGrant', '127.0.0.1:2379', {});
  const first = pauses.afterFailure(away);
  for (let attempt = 0; attempt < 10; attempt += 1) expect(pauses.afterFailure(away)).toBeLessThan(2000);
  pauses.reset();
  expect(pauses.afterFailure(away)).toBe(first);
});
