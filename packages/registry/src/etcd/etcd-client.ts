import type { Clock } from '../clock.ts';
import { ClosedError, EtcdError, type EtcdErrorCode } from '../errors.ts';
import { type Call, type CallLimits, Connection } from './connection.ts';
import type { CheckedEtcdOptions } from './etcd-options.ts';
import { Tokens } from './tokens.ts';

/**
 * The cluster, one member at a time: which one is ours to decide, so that one that hangs is left for another.
 *
 * There is one connection that new work begins on. Whoever finds it wanting leaves it; what else runs on it may finish there.
 */
export class EtcdClient {
  readonly #options: CheckedEtcdOptions;
  readonly #clock: Clock;
  readonly #tokens: Tokens | undefined;
  /** In an order of this client's own, so that clients spread over the cluster, also when they all leave one member. */
  readonly #hosts: readonly string[];
  #turn = 0;
  #connection: Connection | undefined;
  #closed = false;

  constructor(options: CheckedEtcdOptions, clock: Clock, random: () => number) {
    this.#options = options;
    this.#clock = clock;
    this.#tokens = options.auth === undefined ? undefined : new Tokens(options.auth);
    this.#hosts = shuffled(options.hosts, random);
  }

  /** The member in use, as `host:port`. */
  get host(): string {
    return this.#hosts[this.#turn % this.#hosts.length] ?? '';
  }

  /** The connection to begin new work on. Throws `ClosedError`, and `EtcdError` for certificates that cannot be used. */
  connection(): Connection {
    if (this.#closed) throw new ClosedError('The etcd client');
    const { host } = this;
    this.#connection ??= new Connection({ etcd: this.#options, host, clock: this.#clock, tokens: this.#tokens });
    return this.#connection;
  }

  /** Makes a unary call; when it fails in a way that another member may not, the next one begins there. Rejects with `EtcdError`. */
  async call<T>(name: string, run: Call<T>, limits?: CallLimits): Promise<T> {
    const connection = this.connection();
    try {
      return await connection.call(name, run, limits);
    } catch (error) {
      if (isConnectionFault(error)) this.leave(connection);
      throw error;
    }
  }

  /**
   * Does `work` on one member, and again on the next when it fails in a way that may be the member's, until each has been tried, a
   * single one twice. For work that may be done again from its beginning. Rejects with what the last one said.
   */
  async onAny<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    for (let left = Math.max(2, this.#hosts.length); ; left -= 1) {
      const connection = this.connection();
      const release = connection.hold();
      try {
        return await work(connection);
      } catch (error) {
        if (left === 1 || !isConnectionFault(error)) throw error;
        this.leave(connection);
      } finally {
        release();
      }
    }
  }

  /** Begins new work on another member, or on another connection to the only one. Of several that leave one connection the first counts. */
  leave(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#turn += 1;
    connection.retire();
  }

  /** No new work can begin. What is under way is whoever began it's to end. */
  close(): void {
    this.#closed = true;
    this.#tokens?.close();
    this.#connection?.retire();
    this.#connection = undefined;
  }
}

/** Whether `error` may be the connection's, or the member's behind it: everything but what the cluster as a whole has answered. */
function isConnectionFault(error: unknown): boolean {
  return error instanceof EtcdError && !answers.has(error.code);
}

const answers: ReadonlySet<EtcdErrorCode> = new Set([
  'ERR_ETCD_UNAUTHENTICATED',
  'ERR_ETCD_DENIED',
  'ERR_ETCD_AUTH_OFF',
  'ERR_ETCD_LEASE_NOT_FOUND',
  'ERR_ETCD_LEASE_EXISTS',
  'ERR_ETCD_COMPACTED',
  'ERR_ETCD_TOO_LARGE',
  'ERR_ETCD_EXHAUSTED',
]);

/** Fisher and Yates. */
function shuffled(hosts: readonly string[], random: () => number): readonly string[] {
  const left = [...hosts];
  return hosts.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}
