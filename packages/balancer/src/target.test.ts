import { expect, it } from 'vitest';

import { isTarget } from './target.ts';

it.each([
  '/',
  '/hash?text=hello',
  '/a/../b',
  '/a//b',
  '/%2F%2Fevil.example',
  '/@evil.example',
  '/:80',
  '/a#b',
  '/caf\u00e9',
  '/;a=b?c[]=d',
])('takes %j for a path of the service', (path) => {
  expect(isTarget(path)).toBe(true);
});

/** What has been read by some parser, somewhere, as the address of somebody else, or as the end of a request line. */
const elsewhere: readonly unknown[] = [
  // Addresses without a scheme, as URL parsers read them, and as those of browsers do.
  ['//evil.example', '///evil.example', '//evil.example/path', '//127.0.0.1', '//[::1]/', '//2130706433/'],
  ['/\\evil.example', '/\\/evil.example', '\\\\evil.example', '\\/evil.example', '\\evil.example', '/\\\\evil.example'],
  // Addresses with one. undici would go there.
  ['http://evil.example', 'https://evil.example/', 'HTTP://evil.example', 'http:/evil.example', 'http:evil.example'],
  ['ws://evil.example', 'file:///etc/passwd', 'data:text/plain,a', 'javascript:1', 'unix:/var/run/docker.sock'],
  // What would be put behind a host's name, and change it.
  ['evil.example', 'evil.example/path', '@evil.example', ':80/', '.evil.example'],
  ['..', '../a', './a', 'a', '*', '?a', '#a', ''],
  // Blanks and controls, which parsers skip, or which end a line.
  [' /a', '\t/a', '\n/a', '\r\n/a', '\0/a', '\u00a0/a', '\ufeff/a'],
  ['/a b', '/a\tb', '/a\nb', '/a\rb', '/a\r\nHost: evil', '/a HTTP/1.1\r\nX: y', '/a\0b', '/a\u007fb'],
  ['/\t/evil.example', '/\n/evil.example', '/\u2028evil', '/caf\u0117', '/\ud83d\ude00', '/\uff0fevil.example'],
  [undefined, null, 1, {}, ['/a'], new URL('http://evil.example/')],
].flat();

it(`leaves none of ${elsewhere.length} spellings of elsewhere in doubt`, () => {
  expect(elsewhere.length).toBeGreaterThanOrEqual(60);
  expect(elsewhere.filter((path) => isTarget(path))).toEqual([]);
});

it('lets no path through that URL parsers take out of the service', () => {
  for (const path of ['/a', '/@evil', '/:80', '/%2F%2Fevil', '/..%2f', '/a/../../b']) {
    expect(isTarget(path)).toBe(true);
    expect(new URL(path, 'http://service').host).toBe('service');
  }
});
