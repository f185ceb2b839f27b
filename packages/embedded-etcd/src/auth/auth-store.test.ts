import { ManualClock } from '@lb/testkit';
import { describe, expect, test } from 'vitest';
import { bytesOf, singleKey } from '../store/key-range.ts';
import { AuthStore } from './auth-store.ts';
import type { Permission } from './permissions.ts';
import { Tokens } from './tokens.ts';

function setUp(): AuthStore {
  const auth = new AuthStore(new Tokens(new ManualClock(), 1000));
  auth.addUser('root', 'secret');
  auth.grantRole('root', 'root');
  auth.addUser('zoe', 'password');
  auth.addRole('reader');
  return auth;
}

function mayRead(key: string): Permission {
  return { access: 'read', range: singleKey(key), key: bytesOf(key), rangeEnd: Buffer.alloc(0) };
}

describe('an auth store', () => {
  test('lets everybody do everything until it is enabled', () => {
    const auth = setUp();
    auth.requireRoot(undefined);
    auth.requireAccess(undefined, 'write', singleKey('a'));
    auth.enable();
    expect(() => auth.requireRoot(undefined)).toThrow('etcdserver: user name is empty');
    expect(() => auth.requireRoot('zoe')).toThrow('etcdserver: permission denied');
    auth.requireRoot('root');
    expect(() => auth.requireAccess('zoe', 'read', singleKey('a'))).toThrow('etcdserver: permission denied');
  });

  test('lets a user do what any of the roles may', () => {
    const auth = setUp();
    auth.addRole('other');
    auth.grantPermission('reader', mayRead('a'));
    auth.grantPermission('other', mayRead('b'));
    for (const role of ['reader', 'other']) auth.grantRole('zoe', role);
    auth.enable();
    auth.requireAccess('zoe', 'read', singleKey('a'));
    auth.requireAccess('zoe', 'read', singleKey('b'));
    expect(() => auth.requireAccess('zoe', 'write', singleKey('a'))).toThrow('etcdserver: permission denied');
    expect(() => auth.requireAccess('zoe', 'read', singleKey('c'))).toThrow('etcdserver: permission denied');
  });

  test('counts what changes users and roles, and not what leaves them as they are', () => {
    const auth = setUp();
    const change = (act: () => void): number => {
      const before = auth.revision;
      act();
      return auth.revision - before;
    };
    expect(change(() => auth.addUser('adam', undefined))).toBe(1);
    expect(change(() => auth.grantRole('adam', 'reader'))).toBe(1);
    expect(change(() => auth.grantRole('adam', 'reader'))).toBe(0);
    expect(change(() => auth.grantPermission('reader', mayRead('a')))).toBe(1);
    expect(change(() => auth.revokePermission('reader', bytesOf('a'), Buffer.alloc(0)))).toBe(1);
    expect(change(() => auth.changePassword('adam', 'x'))).toBe(1);
    expect(change(() => auth.enable())).toBe(0);
    expect(change(() => auth.disable())).toBe(1);
  });

  test('leaves a user without a password without one', () => {
    const auth = setUp();
    auth.addUser('cert', undefined);
    auth.changePassword('cert', 'x');
    auth.enable();
    expect(() => auth.checkPassword('cert', 'x')).toThrow('password was given for no password user');
  });
});
