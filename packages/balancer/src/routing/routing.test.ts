import { type Endpoint, type Peer, PeerPool, policies, seededRandom } from '@lb/core';
import { describe, expect, it } from 'vitest';

import { untyped } from '../../test/support/untyped.ts';
import { type HashKey, keyReader } from './hash-key.ts';
import { PeerGroups } from './peer-groups.ts';
import { Router, type RouterOptions } from './router.ts';

const endpoint = (id: string, version: string, zone?: string): Endpoint => ({
  id,
  origin: `http://${id}`,
  state: 'serving',
  zone,
  metadata: { version },
});

function setUp(
  options: RouterOptions = {},
  endpoints = [endpoint('a', '1', 'x'), endpoint('b', '1', 'y'), endpoint('c', '2', 'x')],
) {
  const pool = new PeerPool({ policy: policies.roundRobin(), random: Math.random });
  pool.update({ revision: 1, endpoints }, 0);
  const groups = new PeerGroups(pool);
  const router = new Router(options, groups, () => pool.peers, seededRandom(1));
  const ids = (peers: ReadonlySet<Peer> | undefined): string[] | undefined => peers && [...peers].map(({ id }) => id);
  const route = (wish = {}, headers: string[] = []) => {
    const { key, barred, avoided } = router.route('GET', '/users/42?x=1', headers, wish);
    return { key, barred: ids(barred), avoided: ids(avoided) };
  };
  return { pool, groups, route };
}

describe('the key of a request', () => {
  const request = ['Cookie', 'a=1; sid=abc=d ; sid=other', 'X-User', 'u1'] as const;
  it.each<[string, HashKey, string | undefined]>([
    ['a header', { header: 'x-USER' }, 'u1'],
    ['a header that is not there', { header: 'x-other' }, undefined],
    ['a cookie', { cookie: 'sid' }, 'abc=d'],
    ['a cookie that is not there', { cookie: 'id' }, undefined],
    ['the path', { pathSegments: 2 }, '/users/42'],
    ['the beginning of the path', { pathSegments: 1 }, '/users'],
    ['all of a short path', { pathSegments: 9 }, '/users/42/orders'],
    [
      'wherever a function finds it',
      ({ method, path, header }) => `${method} ${path} ${header('X-user')}`,
      'GET /users/42/orders?a=/b u1',
    ],
  ])('comes from %s', (_what, hashKey, key) => {
    expect(keyReader(hashKey)('GET', '/users/42/orders?a=/b', request)).toBe(key);
  });

  it.each([{}, { header: 'a b' }, { cookie: '' }, { pathSegments: 0 }, { pathSegments: 1.5 }])(
    'is not sought in %j',
    (hashKey) => {
      expect(() => keyReader(untyped(hashKey))).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION', option: 'hashKey' }),
      );
    },
  );
});

describe('a route', () => {
  it('leads anywhere when nothing is said', () => {
    expect(setUp().route()).toEqual({ key: undefined, barred: undefined, avoided: undefined });
  });

  it('takes the key from the request before that of the balancer', () => {
    const { route } = setUp({ hashKey: { header: 'x-user' } });
    expect(route({}, ['x-user', 'u']).key).toBe('u');
    expect(route({ hashKey: 'mine' }, ['x-user', 'u']).key).toBe('mine');
  });

  it('bars those without the tags, and avoids other zones and what is named', () => {
    const { route } = setUp();
    expect(route({ tags: { version: '2' } })).toMatchObject({ barred: ['a', 'b'], avoided: undefined });
    expect(route({ tags: { version: '1' }, zone: 'x' })).toMatchObject({ barred: ['c'], avoided: ['b'] });
    expect(route({ exclude: ['c', 'gone'] })).toMatchObject({ barred: undefined, avoided: ['c'] });
    expect(route({ zone: 'x', exclude: ['a'] }).avoided?.toSorted()).toEqual(['a', 'b']);
  });

  it('follows the pool', () => {
    const { pool, groups, route } = setUp();
    expect(route({ tags: { version: '2' } }).barred).toEqual(['a', 'b']);
    pool.update({ revision: 2, endpoints: [endpoint('a', '2'), endpoint('d', '1')] }, 1);
    groups.forget();
    expect(route({ tags: { version: '2' } }).barred).toEqual(['d']);
  });
});

describe('a split', () => {
  const split = [
    { tags: { version: '2' }, weight: 5 },
    { tags: { version: '1' }, weight: 95 },
  ];

  it('gives each part its share', () => {
    const { route } = setUp({ split });
    let canary = 0;
    for (let request = 0; request < 10_000; request += 1) if (route().avoided?.includes('a')) canary += 1;
    // Binomial: the standard deviation is 22.
    expect(Math.abs(canary - 500)).toBeLessThan(100);
  });

  it('keeps a key on its side, and shares keys by weight', () => {
    const { route } = setUp({ split });
    let canary = 0;
    for (let key = 0; key < 10_000; key += 1) {
      const first = route({ hashKey: `user-${key}` }).avoided;
      expect(route({ hashKey: `user-${key}` }).avoided).toEqual(first);
      if (first?.includes('a')) canary += 1;
    }
    expect(Math.abs(canary - 500)).toBeLessThan(100);
  });

  it.each([
    [[{ tags: { a: 'b' }, weight: -1 }]],
    [[{ tags: { a: 'b' }, weight: NaN }]],
    [[{ tags: undefined, weight: 1 }]],
    [[{ tags: {}, weight: 0 }]],
  ])('is refused when it is none: %j', (bad) => {
    expect(() => setUp({ split: untyped(bad) })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });
});
