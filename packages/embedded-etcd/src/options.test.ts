import { createAuthority } from '@lb/testkit';
import { expect, test } from 'vitest';
import { InvalidOptionError } from './errors.ts';
import { checkOptions, type EtcdOptions } from './options.ts';

test('without options the server is reached from this machine alone, on a free port, in plain text', () => {
  const { host, port, tls, progressNotifyIntervalMs, tokenTtlMs } = checkOptions({});
  expect({ host, port, tls, progressNotifyIntervalMs, tokenTtlMs }).toEqual({
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    progressNotifyIntervalMs: 600_000,
    tokenTtlMs: 300_000,
  });
});

const pem = '-----BEGIN CERTIFICATE-----';

test.each<[EtcdOptions, string]>([
  [{ host: '' }, 'Option "host" must be an address or a host name, got ""'],
  [{ port: -1 }, 'Option "port" must be an integer from 0 to 65535, got -1'],
  [{ port: 65_536 }, 'Option "port" must be an integer from 0 to 65535, got 65536'],
  [{ port: 1.5 }, 'Option "port" must be an integer from 0 to 65535, got 1.5'],
  [{ progressNotifyIntervalMs: 0 }, 'Option "progressNotifyIntervalMs" must be above 0 and at most 2147483647, got 0'],
  [{ tokenTtlMs: Infinity }, 'Option "tokenTtlMs" must be above 0 and at most 2147483647, got Infinity'],
  [{ tls: { cert: 'server.pem', key: pem } }, 'Option "tls.cert" must be PEM text, got "string"'],
  [{ tls: { cert: pem, key: 'secret' } }, 'Option "tls.key" must be PEM text, got "string"'],
  [{ tls: { cert: pem, key: pem, ca: '' } }, 'Option "tls.ca" must be PEM text, got "string"'],
])('refuses %j', (options, message) => {
  expect(() => checkOptions(options)).toThrow(InvalidOptionError);
  expect(() => checkOptions(options)).toThrow(message);
});

test('takes a certificate with its key, and not with another', () => {
  const authority = createAuthority();
  const [server, other] = [authority.issue('server'), authority.issue('other')];
  expect(checkOptions({ tls: { ...server, ca: authority.ca } }).tls).toEqual({ ...server, ca: authority.ca });
  expect(() => checkOptions({ tls: { cert: server.cert, key: other.key } })).toThrow(
    /^Option "tls" must be a certificate and its key, got ".*key values mismatch"$/,
  );
});
