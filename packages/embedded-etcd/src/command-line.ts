import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { EtcdOptions } from './options.ts';

export const help = `Usage: embedded-etcd [--port 2379] [--host 127.0.0.1] [--cert file --key file [--ca file]]

Starts an etcd v3 server in memory, for development and tests. Never for production: its data is gone when it stops.

  --port   port to listen on, 0 for a free one (default 2379)
  --host   address to listen on (default 127.0.0.1, which only this machine can reach)
  --cert   file with the server's certificate (PEM): serve TLS
  --key    file with the certificate's private key (PEM)
  --ca     file with the root that clients' certificates must come from (PEM)
  --help   say this
`;

/** A command line that cannot be followed; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'ERR_USAGE';
}

/** What the command line asks for: a server with these options, or undefined for help. Throws {@link UsageError}. */
export function parseCommandLine(args: readonly string[]): EtcdOptions | undefined {
  const { host, port, cert, key, ca, help: helpWanted } = parse(args);
  if (helpWanted === true) return undefined;
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together');
  if (ca !== undefined && cert === undefined) throw new UsageError('--ca needs --cert and --key');
  const address = { host, port: portOf(port) };
  if (cert === undefined || key === undefined) return address;
  const pair = { cert: read('--cert', cert), key: read('--key', key) };
  return { ...address, tls: ca === undefined ? pair : { ...pair, ca: read('--ca', ca) } };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '2379' },
        cert: { type: 'string' },
        key: { type: 'string' },
        ca: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port > 65_535) throw new UsageError(`--port must be a number from 0 to 65535, got "${text}"`);
  return port;
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UsageError(`${option}: cannot read ${file}`, { cause });
  }
}
