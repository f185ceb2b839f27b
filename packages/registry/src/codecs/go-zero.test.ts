import { expect, it } from 'vitest';

import { addressCheck } from '../address-policy.ts';
import { readEndpoint } from '../validate.ts';
import { goZero } from './go-zero.ts';

const check = addressCheck({}, false);

it('reads what go-zero writes: a lease id in the key, an address in the value', () => {
  expect(readEndpoint(goZero(), 'user.rpc', '7587869134804203529', Buffer.from('10.0.0.1:8080'), check)).toEqual({
    id: '7587869134804203529',
    origin: 'http://10.0.0.1:8080',
    state: 'serving',
    metadata: {},
  });
  expect(readEndpoint(goZero({ scheme: 'https' }), 'user.rpc', '1', Buffer.from('10.0.0.1:80'), check).origin).toBe(
    'https://10.0.0.1:80',
  );
});

it('writes what go-zero reads, and takes out what drains', () => {
  const endpoint = { id: 'a', origin: 'http://10.0.0.1:80', weight: 3, state: 'serving', metadata: {} } as const;
  expect(goZero().encode('user.rpc', endpoint)).toBe('10.0.0.1:80');
  expect(goZero().encode('user.rpc', { ...endpoint, state: 'draining' })).toBeUndefined();
  expect(goZero().key('user.rpc', 'a')).toBe('user.rpc/a');
});

it('writes no address that its readers would reach by another scheme', () => {
  const endpoint = { id: 'a', origin: 'https://10.0.0.1:80', state: 'serving', metadata: {} } as const;
  expect(goZero({ scheme: 'https' }).encode('user.rpc', endpoint)).toBe('10.0.0.1:80');
  expect(() => goZero().encode('user.rpc', endpoint)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION', value: 'https://10.0.0.1:80' }),
  );
});

it.each(['', '10.0.0.1', '10.0.0.1:80\n', 'http://10.0.0.1:80', 'localhost:80', '169.254.169.254:80', '10.0.0.1:80/x'])(
  'refuses the value %j',
  (value) => {
    expect(() => readEndpoint(goZero(), 'user.rpc', 'a', Buffer.from(value), check)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_VALUE' }),
    );
  },
);

it('refuses a scheme that is none', () => {
  // @ts-expect-error -- JavaScript callers
  expect(() => goZero({ scheme: 'ftp' })).toThrow(expect.objectContaining({ option: 'scheme' }));
});
