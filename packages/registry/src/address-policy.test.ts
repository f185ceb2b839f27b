import { describe, expect, it } from 'vitest';

import { addressCheck } from './address-policy.ts';

const remote = addressCheck({}, false);
const local = addressCheck({}, true);
const open = addressCheck({ allow: ['0.0.0.0/0', '::/0'] }, true);

describe('an address of a registration', () => {
  it.each(['http://10.0.0.5:8080', 'https://192.168.1.2:443', 'http://172.31.255.255:1', 'http://[fd12::1]:65535'])(
    'may be %s',
    (origin) => expect(() => remote(origin)).not.toThrow(),
  );

  it.each(['http://127.0.0.1:8080', 'http://[::1]:8080'])('may be %s only while etcd is on this machine', (origin) => {
    expect(() => local(origin)).not.toThrow();
    expect(() => remote(origin)).toThrow('outside the allowed ranges');
  });

  it.each([
    'http://127.1:80',
    'http://127.0.1:80',
    'http://2130706433:80',
    'http://0x7f000001:80',
    'http://0x7f.0.0.1:80',
    'http://0177.0.0.1:80',
    'http://127.000.000.001:80',
    'http://127.0.0.1.:80',
    'http://①②⑦.0.0.1:80',
    'http://127.0.0.1:80/',
    'http://127.0.0.1:80?x',
    'http://127.0.0.1:80#x',
    'http://127.0.0.1',
    'http://127.0.0.1:',
    'http://127.0.0.1:0',
    'http://127.0.0.1:080',
    'http://127.0.0.1:65536',
    'http://127.0.0.1:99999',
    'http://127.0.0.1:-1',
    'http://127.0.0.1:8080@10.0.0.1:80',
    'http://u:p@127.0.0.1:80',
    'http://@127.0.0.1:80',
    'HTTP://127.0.0.1:80',
    'ftp://127.0.0.1:80',
    'file:///etc/passwd',
    'unix:/var/run/docker.sock',
    '127.0.0.1:80',
    '//127.0.0.1:80',
    'http:127.0.0.1:80',
    'http:///127.0.0.1:80',
    'http://\\127.0.0.1:80',
    ' http://127.0.0.1:80',
    'http://127.0.0.1:80 ',
    'http://127.0.0.1:80\n',
    'http://127.0.0.1\t:80',
    'http://127.0.0.1%00:80',
    'http://localhost:80',
    'http://etcd:2379',
    'http://example.com:80',
    'http://[::1%25lo]:80',
    'http://[0:0:0:0:0:0:0:1]:80',
    'http://[::0001]:80',
    'http://[::ffff:127.0.0.1]:80',
    'http://[::ffff:7f00:1]:80',
    'http://[::127.0.0.1]:80',
    'http://[64:ff9b::7f00:1]:80',
    'http://[2002:7f00:1::]:80',
    'http://[::]:80',
    'http://0.0.0.0:80',
    'http://0.1.2.3:80',
    'http://169.254.169.254:80',
    'http://169.254.170.2:80',
    'http://100.100.100.200:80',
    'http://168.63.129.16:80',
    'http://192.0.0.192:80',
    'http://224.0.0.1:80',
    'http://255.255.255.255:80',
    'http://[fe80::1]:80',
    'http://[ff02::1]:80',
    'http://[fd00:ec2::254]:80',
    '',
  ])('is never %j, even where every range is allowed', (origin) => {
    expect(() => open(origin)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_VALUE' }));
  });
});

it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '/8', '10.0.0.0/', '10.0.0.0/8/8', 'any'])(
  'refuses %j as a range',
  (range) => {
    expect(() => addressCheck({ allow: [range] }, true)).toThrow(
      expect.objectContaining({ option: 'addresses.allow' }),
    );
  },
);
