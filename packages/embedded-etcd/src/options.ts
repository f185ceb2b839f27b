import { type Clock, systemClock } from './clock.ts';
import { InvalidOptionError } from './errors.ts';

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

/** Fills in defaults. Throws {@link InvalidOptionError} for what is out of bounds. */
export function checkOptions(options: EtcdOptions): CheckedOptions {
  const { host = '127.0.0.1', port = 0, tls, progressNotifyIntervalMs = 600_000, clock = systemClock } = options;
  if (typeof host !== 'string' || host === '') {
    throw new InvalidOptionError('host', 'an address or a host name', host);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidOptionError('port', 'an integer from 0 to 65535', port);
  }
  // Node fires a timer of more milliseconds than this at once.
  if (!(progressNotifyIntervalMs > 0 && progressNotifyIntervalMs <= 2_147_483_647)) {
    throw new InvalidOptionError(
      'progressNotifyIntervalMs',
      'above 0 and at most 2147483647',
      progressNotifyIntervalMs,
    );
  }
  if (tls !== undefined) {
    for (const name of ['cert', 'key'] as const) {
      if (!isPem(tls[name])) throw new InvalidOptionError(`tls.${name}`, 'PEM text', undefined);
    }
    if (tls.ca !== undefined && !isPem(tls.ca)) throw new InvalidOptionError('tls.ca', 'PEM text', undefined);
  }
  return { host, port, tls, progressNotifyIntervalMs, clock };
}

function isPem(value: string | Buffer): boolean {
  return value?.toString().includes('-----BEGIN ') ?? false;
}
