import { checkNumber, InvalidOptionError } from '@lb/core';
import { isIP } from 'node:net';

/** How to reach etcd. */
export interface EtcdOptions {
  /**
   * The members of the cluster, such as `https://10.0.0.1:2379`. Give all of them: when one hangs the next is asked. Plain `http`
   * to an address that is not loopback needs {@link insecure}.
   */
  readonly hosts: string | readonly string[];
  /** Certificates, in PEM. Their presence, or `https` hosts, turns TLS on. */
  readonly tls?: EtcdTlsOptions | undefined;
  /** User and password. Not part of a host's URL, where they would end up in logs. */
  readonly auth?: EtcdAuthOptions | undefined;
  /** Allows plain `http` to other machines, where anyone on the way can read and rewrite registrations. Defaults to false. */
  readonly insecure?: boolean | undefined;
  /** How long a call may take, in milliseconds. Defaults to 2000: an election is over by then, and a hung member is left. */
  readonly requestTimeoutMs?: number | undefined;
}

export interface EtcdTlsOptions {
  /** Authorities to trust, in PEM. Defaults to the system's. */
  readonly ca?: Buffer | string | undefined;
  /** This client's certificate, in PEM, for mutual TLS. Needs {@link key}. */
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
}

export interface EtcdAuthOptions {
  readonly username: string;
  readonly password: string;
}

/** The options of {@link EtcdOptions} after checking, with defaults filled in. */
export interface CheckedEtcdOptions {
  /** `host:port` each. */
  readonly hosts: readonly string[];
  readonly secure: boolean;
  /** Whether every member is on this machine. */
  readonly loopback: boolean;
  readonly tls: EtcdTlsOptions;
  readonly auth: EtcdAuthOptions | undefined;
  readonly requestTimeoutMs: number;
}

/** Throws `InvalidOptionError` (of `@lb/core`) for what cannot work or would not be safe. */
export function checkEtcdOptions(options: EtcdOptions): CheckedEtcdOptions {
  const given = typeof options.hosts === 'string' ? [options.hosts] : options.hosts;
  if (!Array.isArray(given) || given.length === 0) throw new InvalidOptionError('hosts', 'at least one URL', given);
  const urls = given.map(parseHost);
  const secure = urls[0]?.protocol === 'https:' || options.tls !== undefined;
  for (const url of urls) {
    if (url.protocol !== urls[0]?.protocol) throw new InvalidOptionError('hosts', 'all http or all https', url.host);
    if (secure && url.protocol === 'http:') {
      throw new InvalidOptionError('hosts', 'https URLs when "tls" is given', url.host);
    }
  }
  const loopback = urls.every(isLoopback);
  if (!secure && !loopback && options.insecure !== true) {
    throw new InvalidOptionError('hosts', 'https, or on this machine, unless "insecure" is true', urls[0]?.host);
  }
  const tls = options.tls ?? {};
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new InvalidOptionError('tls', 'given a certificate and its key together', undefined);
  }
  return {
    hosts: urls.map((url) => url.host),
    secure,
    loopback,
    tls,
    auth: options.auth,
    requestTimeoutMs: checkNumber('requestTimeoutMs', options.requestTimeoutMs ?? 2000, { min: 1, max: 600_000 }),
  };
}

function parseHost(host: unknown): URL {
  // A password in the URL must not come back in the error that refuses it, so the value is not named where it may hold one.
  if (typeof host !== 'string') throw new InvalidOptionError('hosts', 'a URL such as http://127.0.0.1:2379', host);
  const url = URL.parse(/^https?:\/\//.test(host) ? host : `http://${host}`);
  if (url === null || url.hostname === '') {
    throw new InvalidOptionError('hosts', 'a URL such as http://127.0.0.1:2379', undefined);
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidOptionError('hosts', 'without a user or password; use "auth"', undefined);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new InvalidOptionError('hosts', 'without a path', undefined);
  }
  if (url.port === '') url.port = '2379';
  return url;
}

function isLoopback({ hostname }: URL): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
