import { expect } from 'vitest';
import { b, type Cases, type Context } from './context.ts';
import { failureOf } from './raw-client.ts';

const notFound = 'NOT_FOUND etcdserver: requested lease not found';

const ttls: readonly [asked: number, granted: string][] = [
  [-3, '2'],
  [0, '2'],
  [1, '2'],
  [2, '2'],
  [3, '3'],
  [9_000_000_000, '9000000000'],
];

const grants: Cases = Object.fromEntries(
  ttls.map(([asked, granted]) => [
    `LeaseGrant gives ${granted} s when asked for ${asked}`,
    async (context: Context) => {
      const { TTL, ID, error } = await context.call('Lease/LeaseGrant', { TTL: asked });
      expect([TTL, error]).toEqual([granted, '']);
      expect(BigInt(ID) > 0n).toBe(true);
    },
  ]),
);

export const leaseCases: Cases = {
  ...grants,

  'LeaseGrant gives another id each time': async (context) => {
    const ids = new Set<string>();
    for (let index = 0; index < 20; index += 1) ids.add(await context.grant(60));
    expect(ids.size).toBe(20);
  },

  'LeaseGrant gives the id that is asked for, also a negative or a large one': async (context) => {
    for (const id of ['7', '-7', '9223372036854775807']) expect(await context.grant(60, id)).toBe(id);
  },

  'LeaseGrant refuses an id that is in use, and gives it again once it is not': async (context) => {
    await context.grant(60, 7);
    expect(await failureOf(context.call('Lease/LeaseGrant', { TTL: 60, ID: 7 }))).toBe(
      'FAILED_PRECONDITION etcdserver: lease already exists',
    );
    await context.call('Lease/LeaseRevoke', { ID: 7 });
    expect(await context.grant(60, 7)).toBe('7');
  },

  'LeaseGrant refuses a lease that is too long': async (context) => {
    expect(await failureOf(context.call('Lease/LeaseGrant', { TTL: 9_000_000_001 }))).toBe(
      'OUT_OF_RANGE etcdserver: too large lease TTL',
    );
  },

  'LeaseGrant makes no revision': async (context) => {
    const { header } = await context.call('Lease/LeaseGrant', { TTL: 60 });
    expect(context.at(header.revision)).toBe(0);
  },

  'LeaseRevoke deletes the keys of the lease at one revision, and no others': async (context) => {
    await context.grant(60, 7);
    await context.put('a', '', { lease: 7 });
    await context.put('b');
    await context.put('c', '', { lease: 7 });
    const { header } = await context.call('Lease/LeaseRevoke', { ID: 7 });
    expect(context.at(header.revision)).toBe(4);
    expect(await context.contents()).toEqual(['b=']);
  },

  'LeaseRevoke of a lease without keys makes no revision': async (context) => {
    await context.grant(60, 7);
    const { header } = await context.call('Lease/LeaseRevoke', { ID: 7 });
    expect(context.at(header.revision)).toBe(0);
  },

  'LeaseRevoke refuses a lease that is not there': async (context) => {
    expect(await failureOf(context.call('Lease/LeaseRevoke', { ID: 8 }))).toBe(notFound);
    expect(await failureOf(context.call('Lease/LeaseRevoke', {}))).toBe(notFound);
  },

  'a key that was put under another lease goes with that one': async (context) => {
    await context.grant(60, 7);
    await context.grant(60, 8);
    await context.put('a', '', { lease: 7 });
    await context.put('a', '', { lease: 8 });
    await context.call('Lease/LeaseRevoke', { ID: 7 });
    expect(await context.contents()).toEqual(['a=']);
    await context.call('Lease/LeaseRevoke', { ID: 8 });
    expect(await context.contents()).toEqual([]);
  },

  'a key that was put again without a lease stays': async (context) => {
    await context.grant(60, 7);
    await context.put('a', '', { lease: 7 });
    await context.put('a');
    await context.call('Lease/LeaseRevoke', { ID: 7 });
    expect(await context.contents()).toEqual(['a=']);
  },

  'a key that was deleted and put again without a lease stays': async (context) => {
    await context.grant(60, 7);
    await context.put('a', '', { lease: 7 });
    await context.delete('a');
    await context.put('a');
    await context.call('Lease/LeaseRevoke', { ID: 7 });
    expect(await context.contents()).toEqual(['a=']);
  },

  'LeaseTimeToLive tells what is left, what was granted, and the keys': async (context) => {
    await context.grant(60, 7);
    await context.put('b', '', { lease: 7 });
    await context.put('a', '', { lease: 7 });
    const { header, ID, TTL, grantedTTL, keys } = await context.call('Lease/LeaseTimeToLive', { ID: 7, keys: true });
    expect([context.at(header.revision), ID, grantedTTL]).toEqual([2, '7', '60']);
    expect(Number(TTL)).toBeGreaterThanOrEqual(55);
    expect(Number(TTL)).toBeLessThanOrEqual(59);
    expect(keys.map(String).toSorted()).toEqual(['a', 'b']);
  },

  'LeaseTimeToLive leaves out the keys unless asked': async (context) => {
    await context.grant(60, 7);
    await context.put('a', '', { lease: 7 });
    expect((await context.call('Lease/LeaseTimeToLive', { ID: 7 })).keys).toEqual([]);
  },

  'LeaseTimeToLive answers -1 for a lease that is not there': async (context) => {
    const { ID, TTL, grantedTTL, keys } = await context.call('Lease/LeaseTimeToLive', { ID: 8, keys: true });
    expect({ ID, TTL, grantedTTL, keys }).toEqual({ ID: '8', TTL: '-1', grantedTTL: '0', keys: [] });
  },

  'LeaseLeases lists the lease first that ends first': async (context) => {
    await context.grant(300, 7);
    await context.grant(100, 8);
    await context.grant(200, 9);
    const { leases } = await context.call('Lease/LeaseLeases', {});
    expect(leases.map(({ ID }) => ID)).toEqual(['8', '9', '7']);
  },

  'LeaseKeepAlive answers each request in turn, with 0 for a lease that is not there': async (context) => {
    await context.grant(60, 7);
    const stream = context.stream('Lease/LeaseKeepAlive');
    for (const ID of [7, 8, 7]) stream.write({ ID });
    const answers = [await stream.next(), await stream.next(), await stream.next()];
    expect(answers.map(({ header, ID, TTL }) => [context.at(header.revision), ID, TTL])).toEqual([
      [0, '7', '60'],
      [0, '8', '0'],
      [0, '7', '60'],
    ]);
    stream.end();
    await stream.ended();
  },

  'a lease ends when its time is over, and its keys with it at one revision': async (context) => {
    const started = performance.now();
    await context.grant(2, 7);
    const { next } = await context.watch();
    await context.put('b', '', { lease: 7 });
    await context.put('a', '', { lease: 7 });
    expect([await next(), await next()]).toEqual(['#0 @1 PUT b= c1 m1 v1 lease 7', '#0 @2 PUT a= c2 m2 v1 lease 7']);
    expect(await next()).toBe('#0 @3 DELETE a m3 DELETE b m3');
    const elapsed = performance.now() - started;
    expect(elapsed).toBeGreaterThan(1900);
    expect(elapsed).toBeLessThan(5000);
    expect((await context.call('Lease/LeaseTimeToLive', { ID: 7 })).TTL).toBe('-1');
    const stream = context.stream('Lease/LeaseKeepAlive');
    stream.write({ ID: 7 });
    expect((await stream.next()).TTL).toBe('0');
    expect(await failureOf(context.call('KV/Put', { key: b('a'), lease: 7 }))).toBe(notFound);
  },

  'a lease that is kept alive goes on, and ends after the last time': async (context) => {
    const started = performance.now();
    await context.grant(2, 7);
    await context.put('a', '', { lease: 7 });
    const { next } = await context.watch();
    const stream = context.stream('Lease/LeaseKeepAlive');
    let last = started;
    while (performance.now() - started < 3000) {
      stream.write({ ID: 7 });
      last = performance.now();
      expect((await stream.next()).TTL).toBe('2');
      await new Promise((resolve) => {
        setTimeout(resolve, 500);
      });
    }
    expect(await context.contents()).toEqual(['a=']);
    expect(await next()).toBe('#0 @2 DELETE a m2');
    expect(performance.now() - last).toBeGreaterThan(1900);
  },

  'leases are kept alive by a client that needs a leader': async (context) => {
    await context.grant(60, 7);
    const stream = context.stream('Lease/LeaseKeepAlive', context.client({ hasleader: 'true' }));
    stream.write({ ID: 7 });
    expect((await stream.next()).TTL).toBe('60');
  },
};
