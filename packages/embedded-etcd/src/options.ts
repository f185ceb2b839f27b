import { createSecureContext } from 'node:tls';
import { type Clock, systemClock } from './clock.ts';
import { InvalidOptionError } from './errors.ts';

/** Where to listen, with what certificates, by which clock. */
export interface EtcdOptions {
  /** Address to listen on. Defaults to `127.0.0.1`, which nobody else on the network can reach. */
  readonly host?: string;
  /** Port to listen on. Defaults to 0, a free one; a real etcd listens on 2379. */
  readonly port?: number;
  /** Certificates to serve TLS with. Without them the server speaks plain text. */
  readonly tls?: TlsOptions;
  /**
   * Milliseconds between progress notifications to quiet watches that asked for them. Defaults to 600 000, as etcd's
   * `--experimental-watch-progress-notify-interval` does: too long to be seen in a test.
   */
  readonly progressNotifyIntervalMs?: number;
  /** Milliseconds that a token is good for after its last use. Defaults to 300 000, as etcd's `--auth-token-ttl` does. */
  readonly tokenTtlMs?: number;
  /** Time for leases and timers. Defaults to the machine's monotonic clock; a test may pass one that it moves by hand. */
  readonly clock?: Clock;
}

/** PEM texts, not paths. */
export interface TlsOptions {
  /** The server's certificate, followed by those between it and its root, if any. */
  readonly cert: string | Buffer;
  /** The private key of `cert`. */
  readonly key: string | Buffer;
  /** Root that clients' certificates must come from. Without it no client is asked for one. */
  readonly ca?: string | Buffer;
}

export type CheckedOptions = Required<Omit<EtcdOptions, 'tls'>> & { readonly tls: TlsOptions | undefined };

/** Node fires a timer of more milliseconds than this at once. */
const maxTimerMs = 2_147_483_647;

/** Fills in defaults. Throws {@link InvalidOptionError} for what is out of bounds. */
export function checkOptions(options: EtcdOptions): CheckedOptions {
  const { host = '127.0.0.1', port = 0, tls, clock = systemClock } = options;
  const { progressNotifyIntervalMs = 600_000, tokenTtlMs = 300_000 } = options;
  if (typeof host !== 'string' || host === '') {
    throw new InvalidOptionError('host', 'an address or a host name', host);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidOptionError('port', 'an integer from 0 to 65535', port);
  }
  for (const [name, value] of Object.entries({ progressNotifyIntervalMs, tokenTtlMs })) {
    if (!(value > 0 && value <= maxTimerMs)) {
      throw new InvalidOptionError(name, `above 0 and at most ${maxTimerMs}`, value);
    }
  }
  if (typeof clock.now !== 'function' || typeof clock.schedule !== 'function') {
    throw new InvalidOptionError('clock', 'a Clock', clock);
  }
  if (tls !== undefined) checkTls(tls);
  return { host, port, tls, progressNotifyIntervalMs, tokenTtlMs, clock };
}

function checkTls({ cert, key, ca }: TlsOptions): void {
  for (const [name, text] of Object.entries({ cert, key, ...(ca !== undefined && { ca }) })) {
    // The text is not shown: it may be the key.
    if (!text?.toString().includes('-----BEGIN ')) throw new InvalidOptionError(`tls.${name}`, 'PEM text', typeof text);
  }
  try {
    createSecureContext({ cert, key, ...(ca !== undefined && { ca }) });
  } catch (error) {
    throw new InvalidOptionError('tls', 'a certificate and its key', error instanceof Error ? error.message : error);
  }
}
