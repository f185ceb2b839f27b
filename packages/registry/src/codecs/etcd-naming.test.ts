import type { Endpoint } from '@lb/core';
import { describe, expect, it } from 'vitest';

import { addressCheck } from '../address-policy.ts';
import { readEndpoint } from '../validate.ts';
import { etcdNaming } from './etcd-naming.ts';

const codec = etcdNaming();
const anyAddress = addressCheck({ allow: ['0.0.0.0/0', '::/0'] }, true);
const read = (name: string, value: string): Endpoint =>
  readEndpoint(codec, 'hash', name, Buffer.from(value), anyAddress);

describe('a value as etcd naming clients write it', () => {
  it('has the fields that Go reads, and no Metadata, which newer grpc-go cannot take as an object', () => {
    const value: unknown = JSON.parse(
      codec.encode('hash', { id: 'a', origin: 'http://10.0.0.5:80', state: 'serving', metadata: { version: '1' } }) ??
        '',
    );
    expect(value).toMatchObject({ Op: 0, Addr: '10.0.0.5:80' });
    expect(Object.keys(Object(value)).map((field) => field.toLowerCase())).toEqual(['op', 'addr', 'lb']);
  });

  it('is read when another client wrote it, with what that client does not say left to its default', () => {
    expect(read('10.0.0.1%3A8080', '{"Op":0,"Addr":"10.0.0.1:8080","Metadata":null}')).toEqual({
      id: '10.0.0.1:8080',
      origin: 'http://10.0.0.1:8080',
      state: 'serving',
      metadata: {},
    });
    expect(read('10.0.0.1:8080', '{"Op":0,"Addr":"10.0.0.1:8080","Metadata":{"weight":3}}').id).toBe('10.0.0.1:8080');
  });

  it.each([
    ['', 'not JSON'],
    ['null', 'null'],
    ['[]', 'an array'],
    ['{"Op":0}', 'no address'],
    ['{"Addr":{}}', 'an address that is no string'],
    ['{"Addr":"10.0.0.1:80","lb":[]}', 'fields that are no object'],
    ['{"Addr":"10.0.0.1:80","lb":{"id":"other"}}', 'the id of another key'],
    ['{"Addr":"10.0.0.1:80","lb":{"weight":-1}}', 'a negative weight'],
    ['{"Addr":"10.0.0.1:80","lb":{"weight":1e309}}', 'an infinite weight'],
    ['{"Addr":"10.0.0.1:80","lb":{"weight":"3"}}', 'a weight that is no number'],
    ['{"Addr":"10.0.0.1:80","lb":{"maxConcurrency":-5}}', 'a negative limit'],
    ['{"Addr":"10.0.0.1:80","lb":{"state":"down"}}', 'an unknown state'],
    ['{"Addr":"10.0.0.1:80","lb":{"zone":"a\\nb"}}', 'a zone with a line break'],
    ['{"Addr":"10.0.0.1:80","lb":{"metadata":{"a":1}}}', 'metadata that is no text'],
    ['{"Addr":"10.0.0.1:80","lb":{"metadata":{"a b":"1"}}}', 'a metadata key with a space'],
    ['{"Addr":"evil.example/x@10.0.0.1:80"}', 'an address that is more than one'],
    [`{"Addr":"10.0.0.1:80","x":"${'x'.repeat(4096)}"}`, 'more than 4 KiB'],
  ])('is refused with %s: %s', (value) => {
    expect(() => read('a', value)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_VALUE' }));
  });

  it('is refused under a key whose name is not printable', () => {
    const value = '{"Addr":"10.0.0.1:80"}';
    for (const bad of ['', 'a%0Ab', 'a%1B[2Jb', '%', '%E2%80%AE', 'x'.repeat(129)]) {
      expect(() => read(bad, value)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_VALUE' }));
    }
  });

  it('cannot reach a prototype', () => {
    const value = `{"Addr":"10.0.0.1:80","__proto__":{"polluted":"yes"},"lb":{"__proto__":{"weight":9,"polluted":"yes"},
      "metadata":{"__proto__":"x","constructor":"y"}}}`;
    const back = read('a', value);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(back.weight).toBeUndefined();
    expect(Object.entries(back.metadata)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});

it.each(['', '/lb', 'lb/', 'a//b', 'a b', 'a\n'])('refuses %j as a root', (root) => {
  expect(() => etcdNaming({ root })).toThrow(expect.objectContaining({ option: 'root' }));
});
