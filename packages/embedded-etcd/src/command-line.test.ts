import { expect, test } from 'vitest';
import { parseCommandLine, UsageError } from './command-line.ts';

test('listens where etcd does, unless told otherwise', () => {
  expect(parseCommandLine([])).toEqual({ host: '127.0.0.1', port: 2379 });
  expect(parseCommandLine(['--host', '::1', '--port=0'])).toEqual({ host: '::1', port: 0 });
});

test('asks for help with either flag', () => {
  expect(parseCommandLine(['--help'])).toBeUndefined();
  expect(parseCommandLine(['-h', '--port', '1'])).toBeUndefined();
});

test('reads certificates from their files', () => {
  const file = import.meta.filename;
  const { tls } = parseCommandLine(['--cert', file, '--key', file, '--ca', file]) ?? {};
  expect(Object.entries(tls ?? {}).map(([name, text]) => [name, text.includes('reads certificates')])).toEqual([
    ['cert', true],
    ['key', true],
    ['ca', true],
  ]);
});

test.each([
  [['--port', 'http'], '--port must be a number from 0 to 65535, got "http"'],
  [['--port', '65536'], '--port must be a number from 0 to 65535, got "65536"'],
  [['--port', '-1'], "Option '--port' argument is ambiguous"],
  [['--colour'], "Unknown option '--colour'"],
  [['serve'], "Unexpected argument 'serve'"],
  [['--cert', 'x'], '--cert and --key go together'],
  [['--key', 'x'], '--cert and --key go together'],
  [['--ca', 'x'], '--ca needs --cert and --key'],
  [['--cert', '/no/such/file', '--key', '/no/such/file'], '--cert: cannot read /no/such/file'],
])('refuses %j', (args, message) => {
  expect(() => parseCommandLine(args)).toThrow(UsageError);
  expect(() => parseCommandLine(args)).toThrow(message);
});
