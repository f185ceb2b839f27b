import { describe, expect, it } from 'vitest';

import { proxyTarget } from './proxy-target.ts';

describe('a path whose first segment names the service', () => {
  it.each([
    ['/svc/hash/a/b?c=d', 'hash', '/a/b?c=d'],
    ['/svc/hash', 'hash', '/'],
    ['/svc/hash/', 'hash', '/'],
    ['/svc/hash?x=1', 'hash', '/?x=1'],
    ['/svc/shop-api.v2/a%2Fb', 'shop-api.v2', '/a%2Fb'],
    ['/svc/hash/a//b', 'hash', '/a//b'],
    ['/svc/hash/a?b=/../c', 'hash', '/a?b=/../c'],
    ['/svc/hash/...', 'hash', '/...'],
  ])('%s goes to %s as %s', (url, service, path) => {
    expect(proxyTarget(url, '/svc', undefined)).toEqual({ service, path });
  });

  it.each([
    ['another prefix', '/other/hash/a'],
    ['no service', '/svc'],
    ['an empty service', '/svc//a'],
    ['a service in escapes', '/svc/ha%73h/a'],
    ['a service with a slash in it', '/svc/hash%2F..%2Fother/a'],
    ['a service of dots', '/svc/../a'],
    ['a host in place of a path', '/svc/hash//evil.example/a'],
    ['a host for browsers', '/svc/hash/\\evil.example'],
    ['dot segments', '/svc/hash/../lb/state.json'],
    ['a dot segment at the end', '/svc/hash/a/..'],
    ['dot segments in escapes', '/svc/hash/%2e%2E/lb'],
    ['dot segments half in escapes', '/svc/hash/.%2e/lb'],
    ['dot segments before a slash in escapes', '/svc/hash/..%2Flb'],
    ['dot segments behind a backslash in escapes', '/svc/hash/a%5c%2e%2e'],
    ['one dot', '/svc/hash/./a'],
    ['a fragment', '/svc/hash/a#b'],
    ['a backslash', '/svc/hash/a\\b'],
    ['a zero', '/svc/hash/a%00'],
    ['a newline', '/svc/hash/a\nb'],
    ['a blank', '/svc/hash/a b'],
    ['a URL', 'http://evil.example/svc/hash/a'],
    ['an asterisk', '*'],
  ])('is refused with %s', (_what, url) => {
    expect(proxyTarget(url, '/svc', undefined)).toBeUndefined();
  });
});

it('takes the whole rest for the path where the service is given', () => {
  expect(proxyTarget('/shop/a?b', '/shop', 'api')).toEqual({ service: 'api', path: '/a?b' });
  expect(proxyTarget('/a?b', '', 'api')).toEqual({ service: 'api', path: '/a?b' });
  expect(proxyTarget('//evil.example/', '', 'api')).toBeUndefined();
});
