import { expect, it } from 'vitest';

import { EtcdError } from '../errors.ts';
import { Tokens } from './tokens.ts';

const credentials = { username: 'user', password: 'password' };
const expired = new EtcdError('ERR_ETCD_UNAUTHENTICATED', 'range', '127.0.0.1:2379', {});

function setUp(): { readonly tokens: Tokens; asked: number; get(): Promise<string | undefined> } {
  const tokens = new Tokens(() => credentials);
  const state = { tokens, asked: 0, get: () => tokens.get(async () => `token ${(state.asked += 1)}`) };
  return state;
}

it('asks once for all calls that need a token at the same time', async () => {
  const state = setUp();
  const got = await Promise.all(Array.from({ length: 20 }, () => state.get()));
  expect(new Set(got)).toEqual(new Set(['token 1']));
  expect(state.asked).toBe(1);
});

it('asks once more when twenty calls find that their token ran out', async () => {
  const state = setUp();
  const token = await state.get();
  const again = await Promise.all(
    Array.from({ length: 20 }, () => {
      expect(state.tokens.doubt(token, expired)).toBe(true);
      return state.get();
    }),
  );
  expect(new Set(again)).toEqual(new Set(['token 2']));
});

it('keeps a new token when a call that began with the old one fails late', async () => {
  const state = setUp();
  const old = await state.get();
  state.tokens.doubt(old, expired);
  await state.get();
  state.tokens.doubt(old, expired);
  expect(await state.get()).toBe('token 2');
});

it('asks anew after it could not get one, and needs none where authentication is off', async () => {
  const tokens = new Tokens(() => credentials);
  const failing = Promise.reject(new EtcdError('ERR_ETCD_UNAVAILABLE', 'authenticate', '127.0.0.1:2379', {}));
  await expect(tokens.get(() => failing)).rejects.toMatchObject({ code: 'ERR_ETCD_UNAVAILABLE' });
  const off = new EtcdError('ERR_ETCD_AUTH_OFF', 'authenticate', '127.0.0.1:2379', {});
  expect(await tokens.get(async () => Promise.reject(off))).toBeUndefined();
});
