/**
 * How long a registration waits before it tries (again).
 *
 * Whoever was lost alone may come back at once. Ten thousand providers that were lost together and all came back in one second would
 * keep etcd from taking any of them: it takes about a thousand leases with a key a second. So they spread over as many seconds as there
 * can be thousands of them, up to two thirds of a TTL, which still has each back within a TTL of finding out. An etcd that answers too
 * late, or says that it has too much to do, is left alone for up to a whole TTL, since each try that is too late for us is work for it
 * all the same. One that cannot be reached costs nothing to ask, so the attempt itself counts as part of the wait: whoever was cut off
 * is back soon after, wherever in an attempt or a wait that finds it.
 */
import { Backoff } from '../backoff.ts';
import { EtcdError, type EtcdErrorCode, IdTakenError } from '../errors.ts';

type Trouble = 'away' | 'busy' | 'refused';

const troubles: Readonly<Record<EtcdErrorCode, Trouble>> = {
  ERR_ETCD_UNAVAILABLE: 'away',
  ERR_ETCD_TIMEOUT: 'busy',
  ERR_ETCD_TLS: 'refused',
  ERR_ETCD_UNAUTHENTICATED: 'refused',
  ERR_ETCD_AUTH_OFF: 'refused',
  ERR_ETCD_DENIED: 'refused',
  ERR_ETCD_LEASE_NOT_FOUND: 'away',
  ERR_ETCD_LEASE_EXISTS: 'away',
  ERR_ETCD_COMPACTED: 'away',
  ERR_ETCD_REWOUND: 'away',
  ERR_ETCD_TOO_LARGE: 'away',
  ERR_ETCD_EXHAUSTED: 'busy',
  ERR_ETCD_REFUSED: 'away',
};

/** How late whoever was lost alone comes back, at most. */
const aloneMs = 250;

/** For each lease with a key: an etcd on two shared cores took 850 to 970 a second. */
const etcdTakesMs = 1;

export class Pauses {
  readonly #ttlMs: number;
  readonly #random: () => number;
  readonly #backoffs: Readonly<Record<Trouble, Backoff>>;

  constructor(ttlMs: number, random: () => number) {
    this.#ttlMs = ttlMs;
    this.#random = random;
    this.#backoffs = {
      away: new Backoff({ baseMs: 500, capMs: Math.min(2000, ttlMs / 3) }, random),
      busy: new Backoff({ baseMs: 1000, capMs: ttlMs }, random),
      // etcd takes a tenth of a second of work to check a password.
      refused: new Backoff({ baseMs: 1000, capMs: 15_000 }, random),
    };
  }

  /** Of at most so many leases that were lost together; `Infinity` when nobody knows. */
  afterLoss(together: number): number {
    return this.#random() * Math.min((this.#ttlMs * 2) / 3, Math.max(aloneMs, together * etcdTakesMs));
  }

  /** `tookMs` is how long the attempt took to fail. */
  afterFailure(error: Error, tookMs: number): number {
    // Whoever holds our id keeps it for as long as its lease lives.
    if (error instanceof IdTakenError) return this.#ttlMs * (0.85 + 0.15 * this.#random());
    const trouble = error instanceof EtcdError ? troubles[error.code] : 'away';
    // An etcd that is too busy once it is back, after it was away for long, has everybody there.
    for (const [kind, backoff] of Object.entries(this.#backoffs)) if (kind !== trouble) backoff.count();
    return trouble === 'away' ? this.#backoffs.away.nextAfter(tookMs) : this.#backoffs[trouble].next();
  }

  /** It has worked: what comes next is the first failure again. */
  reset(): void {
    for (const backoff of Object.values(this.#backoffs)) backoff.reset();
  }
}
