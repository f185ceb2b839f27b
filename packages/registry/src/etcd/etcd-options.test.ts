import { expect, it } from 'vitest';

import { checkEtcdOptions, type EtcdOptions } from './etcd-options.ts';

it('takes hosts with and without scheme and port', () => {
  const hosts = ['127.0.0.1', 'http://localhost:2379', 'http://[::1]:4000'];
  expect(checkEtcdOptions({ hosts })).toMatchObject({
    hosts: ['127.0.0.1:2379', 'localhost:2379', '[::1]:4000'],
    secure: false,
    loopback: true,
    requestTimeoutMs: 2000,
  });
  expect(checkEtcdOptions({ hosts: 'https://10.0.0.1:2379' })).toMatchObject({ secure: true, loopback: false });
  expect(checkEtcdOptions({ hosts: 'http://10.0.0.1:2379', insecure: true })).toMatchObject({ secure: false });
});

it.each<[string, EtcdOptions]>([
  ['no hosts', { hosts: [] }],
  ['plain http to another machine', { hosts: 'http://10.0.0.1:2379' }],
  ['plain http to another machine by name', { hosts: 'http://etcd:2379' }],
  ['a mix of http and https', { hosts: ['https://10.0.0.1:2379', 'http://127.0.0.1:2379'] }],
  ['http hosts with certificates', { hosts: 'http://127.0.0.1:2379', tls: { ca: 'x' } }],
  ['a path', { hosts: 'http://127.0.0.1:2379/v3' }],
  ['something that is no URL', { hosts: 'http://' }],
  ['a certificate without a key', { hosts: 'https://10.0.0.1:2379', tls: { cert: 'x' } }],
  ['a timeout of 0', { hosts: '127.0.0.1', requestTimeoutMs: 0 }],
  ['a timeout that is no number', { hosts: '127.0.0.1', requestTimeoutMs: NaN }],
])('refuses %s', (_what, options) => {
  expect(() => checkEtcdOptions(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});

it('refuses a password in a URL, without repeating it', () => {
  const planted = 'hunter2';
  for (const hosts of [
    `http://root:${planted}@127.0.0.1:2379`,
    `https://root:${planted}@etcd/v3`,
    `root:${planted}@x:y`,
  ]) {
    try {
      checkEtcdOptions({ hosts });
      expect.unreachable();
    } catch (error) {
      expect(String(error)).toContain('hosts');
      expect(String(error)).not.toContain(planted);
      expect(JSON.stringify(error)).not.toContain(planted);
    }
  }
});
