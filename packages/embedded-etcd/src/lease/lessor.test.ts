import { ManualClock } from '@lb/testkit';
import { describe, expect, test } from 'vitest';
import { noLease } from '../store/key-value.ts';
import { Store } from '../store/store.ts';
import { Lessor } from './lessor.ts';

function setUp() {
  const clock = new ManualClock();
  const store = new Store();
  const lessor = new Lessor(store, clock);
  const put = (key: string, lease: string): void => store.write((txn) => void txn.put(key, Buffer.from(''), lease));
  const keys = (): string[] => Array.from(store.scan({ start: '\0', end: undefined }), ({ key }) => key.toString());
  return { clock, store, lessor, put, keys };
}

describe('a lessor', () => {
  test('deletes the keys of a lease within half a second of its end, at one revision', () => {
    const { clock, store, lessor, put, keys } = setUp();
    const { id } = lessor.grant(noLease, 5);
    put('a', id);
    put('b', id);
    put('c', noLease);

    clock.advance(4999);
    expect(keys()).toEqual(['a', 'b', 'c']);
    clock.advance(501);
    expect(keys()).toEqual(['c']);
    expect(store.revision).toBe(5);
    expect(lessor.has(id)).toBe(false);
  });

  test('counts the time anew from each renewal', () => {
    const { clock, lessor } = setUp();
    const { id } = lessor.grant('7', 5);
    for (let renewal = 0; renewal < 10; renewal += 1) {
      clock.advance(4000);
      expect(lessor.renew(id)?.ttl).toBe(5);
    }
    clock.advance(5500);
    expect(lessor.renew(id)).toBeUndefined();
  });

  test('does not renew a lease whose time is over, though it has yet to be swept', () => {
    const { clock, lessor } = setUp();
    lessor.grant('8', 100);
    clock.advance(250);
    lessor.grant('7', 2);
    clock.advance(2000);
    expect(lessor.has('7')).toBe(true);
    expect(lessor.renew('7')).toBeUndefined();
  });

  test.each([
    [-3, 2],
    [0, 2],
    [1, 2],
    [3, 3],
    [9_000_000_000, 9_000_000_000],
  ])('grants for %d seconds asked %d', (asked, granted) => {
    expect(setUp().lessor.grant(noLease, asked).ttl).toBe(granted);
  });

  test('refuses a lease that is too long, and an id that is in use', () => {
    const { lessor } = setUp();
    expect(() => lessor.grant(noLease, 9_000_000_001)).toThrow('etcdserver: too large lease TTL');
    lessor.grant('-7', 10);
    expect(() => lessor.grant('-7', 10)).toThrow('etcdserver: lease already exists');
  });

  test('ends a thousand leases a second when many end together, the oldest first', () => {
    const { clock, lessor } = setUp();
    for (let id = 1; id <= 1200; id += 1) lessor.grant(String(id), id <= 600 ? 11 : 10);
    const left = (): number => lessor.list().length;

    clock.advance(10_000);
    expect(left()).toBe(700);
    clock.advance(500);
    expect(left()).toBe(600);
    expect(lessor.has('1')).toBe(true);
    clock.advance(1000);
    expect(left()).toBe(0);
  });

  test('lists the lease that ends next first', () => {
    const { lessor } = setUp();
    lessor.grant('1', 30);
    lessor.grant('2', 10);
    lessor.grant('3', 20);
    expect(lessor.list().map(({ id }) => id)).toEqual(['2', '3', '1']);
  });

  test('revokes a lease with its keys, and knows it no more', () => {
    const { lessor, put, keys } = setUp();
    lessor.grant('7', 10);
    put('a', '7');
    lessor.revoke('7');
    expect(keys()).toEqual([]);
    expect(() => lessor.revoke('7')).toThrow('etcdserver: requested lease not found');
  });

  test('sets no timer while there is no lease', () => {
    const { clock, lessor } = setUp();
    expect(clock.pending).toBe(0);
    lessor.grant('7', 10);
    expect(clock.pending).toBe(1);
    lessor.revoke('7');
    expect(clock.pending).toBe(0);
  });
});
