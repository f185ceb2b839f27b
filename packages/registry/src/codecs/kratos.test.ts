import type { Endpoint } from '@lb/core';
import { expect, it } from 'vitest';

import { addressCheck } from '../address-policy.ts';
import { readEndpoint } from '../validate.ts';
import { kratos } from './kratos.ts';

const check = addressCheck({}, false);
const read = (value: unknown, name = 'a', codec = kratos()): Endpoint =>
  readEndpoint(codec, 'helloworld', name, Buffer.from(JSON.stringify(value)), check);

/** As kratos itself writes it. */
const instance = {
  id: 'a',
  name: 'helloworld',
  version: 'v1.2.0',
  metadata: { weight: '30', region: 'eu' },
  endpoints: ['grpc://10.0.0.1:9000?isSecure=false', 'http://10.0.0.1:8000'],
};

it('reads what kratos writes, for the transport that is asked for', () => {
  expect(read(instance)).toEqual({
    id: 'a',
    origin: 'http://10.0.0.1:8000',
    weight: 30,
    state: 'serving',
    metadata: { region: 'eu', version: 'v1.2.0' },
  });
  expect(read(instance, 'a', kratos({ transport: 'grpc' })).origin).toBe('http://10.0.0.1:9000');
});

it.each([
  ['https://10.0.0.1:8000', 'https://10.0.0.1:8000'],
  ['http://10.0.0.1:8000?isSecure=true', 'https://10.0.0.1:8000'],
  ['http://10.0.0.1:8000/?isSecure=false', 'http://10.0.0.1:8000'],
])('takes %s for %s', (endpoint, origin) => {
  expect(read({ ...instance, endpoints: [endpoint] }).origin).toBe(origin);
});

it('writes what kratos reads', () => {
  const text = kratos().encode('helloworld', {
    id: 'a/b',
    origin: 'https://10.0.0.1:443',
    weight: 3,
    zone: 'z1',
    state: 'serving',
    metadata: { version: 'v2', weight: 'not this' },
  });
  expect(JSON.parse(text ?? '')).toEqual({
    id: 'a/b',
    name: 'helloworld',
    version: 'v2',
    metadata: { version: 'v2', weight: '3', 'lb.zone': 'z1' },
    endpoints: ['https://10.0.0.1:443'],
  });
  expect(kratos().key('helloworld', 'a/b')).toBe('/microservices/helloworld/a%2Fb');
});

it.each<[unknown, string]>([
  [{ ...instance, id: 'b' }, 'the id of another key'],
  [{ ...instance, name: 'other' }, 'another service'],
  [{ ...instance, endpoints: ['grpc://10.0.0.1:9000'] }, 'no address for the transport'],
  [{ ...instance, endpoints: ['http://evil@10.0.0.1:80'] }, 'an address that is more than one'],
  [{ ...instance, endpoints: ['http://169.254.169.254:80'] }, 'an address that is never allowed'],
  [{ ...instance, endpoints: 'http://10.0.0.1:80' }, 'addresses that are no list'],
  [{ ...instance, metadata: { weight: 'much' } }, 'a weight that is no number'],
  [{ ...instance, metadata: { weight: {} } }, 'a weight that is no text'],
  [{ ...instance, metadata: { nested: {} } }, 'metadata that is no text'],
  [[instance], 'a list'],
])('refuses %j: %s', (value) => {
  expect(() => read(value)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_VALUE' }));
});

it.each([{ namespace: '' }, { namespace: 'a//b' }, { namespace: '/a/' }, { transport: 'tcp' }])(
  'refuses %j',
  (options) => {
    // @ts-expect-error -- JavaScript callers
    expect(() => kratos(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  },
);
