/** What every codec keeps to, whatever its layout can say. */
import type { Endpoint } from '@lb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addressCheck } from '../address-policy.ts';
import { readEndpoint } from '../validate.ts';
import { type Codec, prefixOf } from './codec.ts';
import { etcdNaming } from './etcd-naming.ts';
import { goZero } from './go-zero.ts';
import { kratos } from './kratos.ts';

/** Each codec with the fields that its layout has room for. */
const codecs: readonly { readonly codec: Codec; readonly carries: readonly (keyof Endpoint)[] }[] = [
  {
    codec: etcdNaming(),
    carries: ['id', 'origin', 'weight', 'zone', 'maxConcurrency', 'startedAt', 'state', 'metadata'],
  },
  { codec: kratos(), carries: ['id', 'origin', 'weight', 'zone', 'maxConcurrency', 'startedAt', 'metadata'] },
  { codec: kratos({ namespace: 'a/b', transport: 'grpc' }), carries: ['id', 'origin', 'weight', 'metadata'] },
  { codec: goZero({ keyOf: (service) => `${service}.rpc` }), carries: ['id', 'origin'] },
];

const anyAddress = addressCheck({ allow: ['0.0.0.0/0', '::/0'] }, true);
const name = fc
  .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map(String.fromCharCode), minLength: 1, maxLength: 128 })
  .filter((text) => text !== '*');
const endpoint: fc.Arbitrary<Endpoint> = fc.record(
  {
    id: name,
    origin: fc.constantFrom('http://10.1.2.3:8080', 'http://10.1.2.3:80', 'http://[fd12::1]:9000'),
    weight: fc.double({ min: 0, max: 1e9, noNaN: true }).map((weight) => weight + 0),
    zone: name,
    maxConcurrency: fc.nat(),
    startedAt: fc.nat(),
    state: fc.constantFrom('serving', 'draining'),
    metadata: fc.dictionary(
      name.filter((entry) => entry !== 'weight' && !entry.startsWith('lb.')),
      fc.string(),
      { maxKeys: 5 },
    ),
  },
  { requiredKeys: ['id', 'origin', 'state', 'metadata'] },
);

describe.each(codecs)('$codec.name at $carries.length fields', ({ codec, carries }) => {
  const prefix = prefixOf(codec, 'hash');
  const read = (key: string, value: string | Uint8Array): Endpoint =>
    readEndpoint(codec, 'hash', key.slice(prefix.length), Buffer.from(value), anyAddress);

  it('reads back what it has written, in the fields that it carries', () => {
    fc.assert(
      fc.property(endpoint, (written) => {
        const key = codec.key('hash', written.id);
        const text = codec.encode('hash', written);
        expect(key.startsWith(prefix)).toBe(true);
        if (text === undefined) {
          expect([written.state, carries.includes('state')]).toEqual(['draining', false]);
          return;
        }
        const back = read(key, text);
        for (const field of carries) expect(plain(back[field])).toEqual(plain(written[field]));
        expect(Object.isFrozen(back) && Object.isFrozen(back.metadata)).toBe(true);
      }),
    );
  });

  it('gives each id a key of its own', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(codec.key('hash', one) === codec.key('hash', other)).toBe(one === other);
      }),
    );
  });

  it('gives an endpoint or a typed error for any bytes at all', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      endpoint.map((one) => new TextEncoder().encode(codec.encode('hash', one)?.replaceAll(/[0-9]/g, '9') ?? '')),
    );
    fc.assert(
      fc.property(bytes, fc.string(), (value, key) => {
        try {
          read(prefix + key, value);
        } catch (error) {
          expect(error).toHaveProperty('code', 'ERR_INVALID_VALUE');
        }
      }),
    );
  });

  it('does not let a value reach a prototype', () => {
    const { id } = { id: 'a' };
    const value = codec.encode('hash', { id, origin: 'http://10.0.0.1:80', state: 'serving', metadata: {} }) ?? '';
    const polluted = value.replaceAll('{', '{"__proto__":{"polluted":"yes"},').replaceAll(',}', '}');
    try {
      read(codec.key('hash', id), polluted);
    } catch (error) {
      expect(error).toHaveProperty('code', 'ERR_INVALID_VALUE');
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('a codec of somebody else', () => {
  it('may throw and return what it likes', () => {
    const decode = (result: () => unknown) => (): Endpoint =>
      readEndpoint(
        // @ts-expect-error -- JavaScript callers
        { name: 'odd', prefix: () => 'x/', key: () => 'x/y', encode: () => '', decode: result },
        'hash',
        'y',
        Buffer.from('1'),
        anyAddress,
      );
    const hostile = {
      get id(): never {
        throw new TypeError('gotcha');
      },
    };
    for (const result of [() => undefined, () => null, () => 1, () => hostile, () => JSON.parse('{')]) {
      expect(decode(result)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_VALUE' }));
    }
  });

  it.each(['', 'läge/', 'a b/', 7])('has no prefix %j', (prefix) => {
    // @ts-expect-error -- JavaScript callers
    expect(() => prefixOf({ ...etcdNaming(), prefix: () => prefix }, 'hash')).toThrow(
      expect.objectContaining({ option: 'codec' }),
    );
  });
});

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
