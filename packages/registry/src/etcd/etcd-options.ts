import { checkNumber, InvalidOptionError } from '@lb/core';
import { isIP } from 'node:net';

/** How to reach etcd. */
export interface EtcdOptions {
  /**
   * The members of the cluster, such as `https://10.0.0.1:2379`. Give all of them: when one hangs the next is asked. Plain `http`
   * to an address that is not loopback needs {@link insecure}.
   */
  readonly hosts: string | readonly string[];
  /**
   * Certificates, in PEM. Their presence, or `https` hosts, turns TLS on. A function is asked again for each new connection, so
   * that certificates can be replaced while the process runs: `() => ({ ca: readFileSync('ca.pem') })`.
   */
  readonly tls?: EtcdTlsOptions | (() => EtcdTlsOptions) | undefined;
  /**
   * User and password. Not part of a host's URL, where they would end up in logs. A function is asked again whenever etcd wants
   * to see them.
   */
  readonly auth?: EtcdAuthOptions | (() => EtcdAuthOptions) | undefined;
  /** Allows plain `http` to other machines, where anyone on the way can read and rewrite registrations. Defaults to false. */
  readonly insecure?: boolean | undefined;
  /** How long a call may take, in milliseconds. Defaults to 2000: an election is over by then, and a hung member is left. */
  readonly requestTimeoutMs?: number | undefined;
}

/** How etcd is known, and how we are known to it; PEM texts. */
export interface EtcdTlsOptions {
  /** Authorities to trust, in PEM. Defaults to those that Node trusts (`tls.getCACertificates()`). */
  readonly ca?: Buffer | string | undefined;
  /** This client's certificate, in PEM, for mutual TLS. Needs {@link key}. */
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
}

/** Who to be in etcd. */
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
  /** Throws `InvalidOptionError` for what cannot be used. */
  readonly tls: () => EtcdTlsOptions;
  /** As {@link tls}. */
  readonly auth: (() => EtcdAuthOptions) | undefined;
  readonly requestTimeoutMs: number;
}

/** Throws `InvalidOptionError` (of `@lb/core`) for what cannot work or would not be safe. */
export function checkEtcdOptions(options: EtcdOptions): CheckedEtcdOptions {
  const given = typeof options.hosts === 'string' ? [options.hosts] : options.hosts;
  if (!Array.isArray(given) || given.length === 0) throw new InvalidOptionError('hosts', 'at least one URL', given);
  const hosts = given.map(parseHost);
  const secure = hosts[0]?.secure === true || options.tls !== undefined;
  for (const { secure: own, address } of hosts) {
    if (own !== hosts[0]?.secure) throw new InvalidOptionError('hosts', 'all http or all https', address);
    if (secure && !own) throw new InvalidOptionError('hosts', 'https URLs when "tls" is given', address);
  }
  const loopback = hosts.every(({ hostname }) => isLoopback(hostname));
  if (!secure && !loopback && options.insecure !== true) {
    const [first] = hosts;
    throw new InvalidOptionError('hosts', 'https, or on this machine, unless "insecure" is true', first?.address);
  }
  const { tls = {}, auth } = options;
  const checkedTls = (): EtcdTlsOptions => checkTls(typeof tls === 'function' ? tls() : tls);
  const checkedAuth = auth && ((): EtcdAuthOptions => checkAuth(typeof auth === 'function' ? auth() : auth));
  checkedTls();
  checkedAuth?.();
  return {
    hosts: hosts.map(({ address }) => address),
    secure,
    loopback,
    tls: checkedTls,
    auth: checkedAuth,
    requestTimeoutMs: checkNumber('requestTimeoutMs', options.requestTimeoutMs ?? 2000, { min: 1, max: 600_000 }),
  };
}

/** No value is named in what this throws: one of them is a private key. */
function checkTls(tls: EtcdTlsOptions): EtcdTlsOptions {
  for (const name of ['ca', 'cert', 'key'] as const) {
    if (tls?.[name] !== undefined && !tls[name].toString().includes('-----BEGIN ')) {
      throw new InvalidOptionError(`tls.${name}`, 'PEM text', undefined);
    }
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    throw new InvalidOptionError('tls', 'given a certificate and its key together', undefined);
  }
  return tls ?? {};
}

function checkAuth(auth: EtcdAuthOptions): EtcdAuthOptions {
  for (const name of ['username', 'password'] as const) {
    if (typeof auth?.[name] !== 'string' || auth[name] === '') {
      throw new InvalidOptionError(`auth.${name}`, 'a string that is not empty', undefined);
    }
  }
  return auth;
}

interface Host {
  readonly secure: boolean;
  readonly hostname: string;
  /** Hostname and port. */
  readonly address: string;
}

function parseHost(host: unknown): Host {
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
  // Not from the URL, which has none where the text says 80 or 443.
  const port = /:(\d+)\/?$/.exec(host)?.[1] ?? '2379';
  return { secure: url.protocol === 'https:', hostname: url.hostname, address: `${url.hostname}:${port}` };
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
