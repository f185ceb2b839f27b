/** What the registry reads from strangers: keys and values of etcd. */
import type { FuzzTarget } from '@lb/testkit';
import assert from 'node:assert/strict';
import { isIP } from 'node:net';

import { addressCheck } from '../../src/address-policy.ts';
import type { Codec } from '../../src/codecs/codec.ts';
import { etcdNaming } from '../../src/codecs/etcd-naming.ts';
import { goZero } from '../../src/codecs/go-zero.ts';
import { kratos } from '../../src/codecs/kratos.ts';
import { InvalidValueError } from '../../src/errors.ts';
import { decodeOverride, encodeOverride } from '../../src/overrides/override.ts';
import { readEndpoint, readText } from '../../src/validate.ts';

const check = addressCheck({}, true);
const words = [
  '{"Op":0,"Addr":"10.0.0.5:8080"}',
  '"lb":{"v":1,"id":"a","weight":2}',
  '"Metadata":',
  '"metadata":{"a":"b"}',
  '"__proto__":',
  '"constructor":',
  '"endpoints":["http://10.0.0.5:80"]',
  '"state":"draining"',
  '1e309',
  '-0',
  '\\u0000',
  '\\ud800',
  '127.1',
  '169.254.169.254',
  '[::ffff:10.0.0.1]',
  '@',
  '%2F',
  'null',
];

const codecs: readonly Codec[] = [etcdNaming(), kratos(), goZero()];

export const targets: readonly FuzzTarget[] = [
  ...codecs.map((codec) => ({ name: codec.name, words, run: (input: Buffer) => endpoint(codec, input) })),
  { name: 'override', words: [...words, '"weight":{"to":1,"by":"a","at":1}', '"v":1'], run: override },
];

/** The name of the key is the first line, the value all the rest. */
function endpoint(codec: Codec, input: Buffer): string {
  const end = input.includes(0x0a) ? input.indexOf(0x0a) : input.length;
  const name = input.subarray(0, end).toString('latin1');
  const read = consequence(() => readEndpoint(codec, 'hash', name, input.subarray(end + 1), check));
  if (typeof read === 'string') return read;
  const { id, origin, weight = 1, maxConcurrency = 1, startedAt = 0, zone = 'z', metadata } = read;
  assert.ok(Object.isFrozen(read) && Object.isFrozen(metadata));
  assert.match(id, /^[\x21-\x7e]{1,128}$/);
  assert.match(zone, /^[\x21-\x7e]{1,128}$/);
  const { protocol, hostname, origin: asUrl } = new URL(origin);
  assert.ok(isIP(hostname.replace(/^\[(.*)\]$/, '$1')) > 0 && /^https?:$/.test(protocol), origin);
  // The default port goes missing in a URL's origin, and nothing else may.
  assert.equal(asUrl.replace(/(?<!:\d+)$/, protocol === 'http:' ? ':80' : ':443'), origin);
  for (const number of [weight, maxConcurrency, startedAt]) assert.ok(number >= 0 && Number.isFinite(number));
  for (const text of Object.values(metadata)) assert.equal(typeof text, 'string');
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  const written = codec.encode('hash', read);
  if (written !== undefined && written.length <= 4096) {
    const key = codec.key('hash', id).slice(codec.prefix('hash').length);
    const again = readEndpoint(codec, 'hash', key, Buffer.from(written), check);
    assert.deepEqual([again.id, again.origin], [id, origin]);
  }
  return Object.keys(read).join(' ') + (Object.keys(metadata).length > 0 ? ' and more' : '');
}

function override(input: Buffer): string {
  const read = consequence(() => decodeOverride(readText(input)));
  if (typeof read === 'string') return read;
  assert.ok(Object.isFrozen(read));
  assert.deepEqual(decodeOverride(encodeOverride(read)), read);
  return Object.keys(read).join(' ');
}

/** What was read, or what is wrong with it. */
function consequence<T extends object>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error;
    // Without what differs from input to input.
    return error.message.replaceAll(/\d+/g, '#') + (error.cause instanceof Error ? ` (${error.cause.name})` : '');
  }
}
