import { seededRandom } from '@lb/core';
import { describe, expect, it } from 'vitest';

import { EtcdError, IdTakenError } from '../errors.ts';
import { Pauses } from './pauses.ts';

const providers = 10_000;
const ttlMs = 15_000;
/** Leases with a key that an etcd takes in a second: 850 to 970 on two shared cores. */
const etcdTakes = 1000;

const away = new EtcdError('ERR_ETCD_UNAVAILABLE', 'leaseGrant', '127.0.0.1:2379', {});
const late = new EtcdError('ERR_ETCD_TIMEOUT', 'leaseGrant', '127.0.0.1:2379', {});
const tooMuch = new EtcdError('ERR_ETCD_EXHAUSTED', 'leaseGrant', '127.0.0.1:2379', {});

describe('ten thousand providers', () => {
  const random = seededRandom(1);
  const fleet = Array.from({ length: providers }, () => new Pauses(ttlMs, random));

  // Where each can tell how many there are, where nobody can, and where etcd has had a million other writes meanwhile.
  it.each([providers, Infinity, 1e6])(
    'that lost their registry together come back no faster than it takes them, and all within a TTL (%d revisions)',
    (together) => {
      const waits = fleet.map((pauses) => pauses.afterLoss(together));
      // N = 10 000 over 10 s: 1000 each, with a standard deviation of 30.
      expect(Math.max(...perSecond(waits))).toBeLessThan(etcdTakes + 150);
      expect(Math.max(...waits)).toBeLessThan(ttlMs);
    },
  );

  it('whose leases end one after the other, as after a freeze of etcd, come back no faster than it takes them', () => {
    // The one that is told last knows of all of them, the first of itself only. etcd ends 1000 leases a second.
    const backAt = fleet.map((pauses, before) => before + pauses.afterLoss(before + 1));
    expect(Math.max(...perSecond(backAt))).toBeLessThan(etcdTakes + 150);
  });

  it('that were cut off a thousand at a time do not wait as long as all of them would', () => {
    const waits = fleet.slice(0, 1000).map((pauses) => pauses.afterLoss(1000));
    expect(Math.max(...waits)).toBeLessThan(1000);
  });

  it('whose grants come too late ask ever less often', () => {
    // Every grant fails for two minutes; a call takes 2 s to fail.
    const asked = Array.from({ length: 120 }, () => 0);
    for (const pauses of fleet) {
      for (let at = pauses.afterLoss(Infinity); at < 120_000; at += 2000 + pauses.afterFailure(late, 2000)) {
        asked[Math.floor(at / 1000)]! += 1;
      }
    }
    const atTheEnd = asked.slice(60);
    // A call of 2 s and a wait of 7.5 s on average.
    expect(Math.max(...atTheEnd)).toBeLessThan(1250);
  });

  it('that could not reach it as they started flood it once they can, and are all registered within two TTLs still', () => {
    const callMs = 2000;
    const due = Array.from({ length: 4 * ttlMs }, (): Pauses[] => []);
    for (const pauses of fleet.map(() => new Pauses(ttlMs, random))) {
      for (let attempt = 0; attempt < 5; attempt += 1) pauses.afterFailure(away, callMs);
      due[Math.floor(random() * callMs)]!.push(pauses);
    }
    // A call a millisecond, the oldest first, whether or not it is too late; of more than 5000 that wait etcd wants to hear nothing.
    let waiting = 0;
    let registered = 0;
    let now = 0;
    for (; registered < providers && now < due.length; now += 1) {
      for (const pauses of due[now]!) {
        const trouble = waiting >= 5000 ? tooMuch : waiting > callMs ? late : undefined;
        if (trouble !== tooMuch) waiting += 1;
        if (trouble === undefined) registered += 1;
        const tookMs = trouble === late ? callMs : 0;
        if (trouble) due[Math.ceil(now + tookMs + pauses.afterFailure(trouble, tookMs))]?.push(pauses);
      }
      waiting = Math.max(0, waiting - etcdTakes / 1000);
    }
    expect(now).toBeLessThan(2 * ttlMs);
  });
});

it('whoever was lost alone is back within a quarter of a second', () => {
  const pauses = new Pauses(ttlMs, () => 0.999_999);
  expect(pauses.afterLoss(1)).toBeLessThan(250);
});

it('waits about a TTL for an id that another process holds', () => {
  const taken = new IdTakenError('hash', 'a');
  expect(new Pauses(ttlMs, () => 0).afterFailure(taken, 10)).toBe(ttlMs * 0.85);
  expect(new Pauses(ttlMs, () => 0.999_999).afterFailure(taken, 10)).toBeLessThanOrEqual(ttlMs);
});

it('begins from the shortest wait again once something has worked', () => {
  const pauses = new Pauses(ttlMs, () => 0.999_999);
  const first = pauses.afterFailure(away, 10);
  for (let attempt = 0; attempt < 10; attempt += 1) expect(pauses.afterFailure(away, 10)).toBeLessThan(2000);
  pauses.reset();
  expect(pauses.afterFailure(away, 10)).toBe(first);
});

it('counts an attempt that reached nobody as part of the wait, and one that came too late for us not', () => {
  const [cutOff, slow] = [new Pauses(ttlMs, () => 0.999_999), new Pauses(ttlMs, () => 0.999_999)];
  for (let attempt = 0; attempt < 10; attempt += 1) {
    expect(cutOff.afterFailure(away, 300)).toBeLessThanOrEqual(1700);
    expect(cutOff.afterFailure(away, 2000)).toBe(0);
    slow.afterFailure(late, 2000);
  }
  expect(slow.afterFailure(late, 2000)).toBeGreaterThan(14_900);
});

/** How many of these moments, in milliseconds, are in each second. */
function perSecond(moments: readonly number[]): number[] {
  const counts = Array.from({ length: 30 }, () => 0);
  for (const moment of moments) counts[Math.floor(moment / 1000)]! += 1;
  return counts;
}
