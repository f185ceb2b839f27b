import type { ILeaseKeepAliveRequest } from 'etcd3';

import type { Clock } from '../clock.ts';
import { asError, ClosedError } from '../errors.ts';
import type { Connection, Stream } from '../etcd/connection.ts';
import type { EtcdClient } from '../etcd/etcd-client.ts';

export interface RenewalsOptions {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly leaseId: string;
  /** How long one renewal may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What etcd said. */
export interface Renewal {
  /** Whether the lease lives. */
  readonly alive: boolean;
  /** Of the store. */
  readonly revision: bigint;
}

/** Renewals of one lease, one after the other: one stream at a time, and one unanswered request on it. */
export class Renewals {
  readonly #options: RenewalsOptions;
  #open: { readonly connection: Connection; readonly stream: Stream<ILeaseKeepAliveRequest> } | undefined;
  /** What the renewal under way was sent on. */
  #connection: Connection | undefined;
  /** Takes what comes of the renewal under way. */
  #settle: (outcome: Renewal | Error) => void = () => {};

  constructor(options: RenewalsOptions) {
    this.#options = options;
  }

  /** Asks for one renewal. Resolves with the error when there is no answer in time, and when the signal aborts. */
  async renew(): Promise<Renewal | Error> {
    const { clock, signal, timeoutMs } = this.#options;
    const outcome = Promise.withResolvers<Renewal | Error>();
    this.#settle = outcome.resolve;
    const expire = (): void =>
      outcome.resolve(this.#connection?.late('keepAlive') ?? new ClosedError('The registration'));
    const cancelTimer = clock.schedule(expire, timeoutMs);
    signal.addEventListener('abort', expire);
    if (signal.aborted) expire();
    else this.#send().catch((error: unknown) => outcome.resolve(asError(error)));
    const result = await outcome.promise;
    cancelTimer();
    signal.removeEventListener('abort', expire);
    this.#settle = () => {};
    if (result instanceof Error) this.#abandon();
    return result;
  }

  close(): void {
    this.#open?.stream.cancel();
    this.#open = undefined;
  }

  /** Whatever is wrong is wrong with this stream; the next renewal goes out on another, to another member. */
  #abandon(): void {
    const { client } = this.#options;
    if (this.#open !== undefined) client.leave(this.#open.connection);
    this.close();
  }

  async #send(): Promise<void> {
    const { leaseId } = this.#options;
    const settle = this.#settle;
    if (this.#open === undefined) {
      const connection = this.#options.client.connection();
      this.#connection = connection;
      const stream = await this.#openOn(connection);
      if (this.#settle !== settle) {
        // It took too long, and nobody waits for it any more.
        stream.cancel();
        this.#options.client.leave(connection);
        return;
      }
      this.#open = { connection, stream };
    }
    this.#open.stream.write({ ID: leaseId });
  }

  #openOn(connection: Connection): Promise<Stream<ILeaseKeepAliveRequest>> {
    return connection.keepAlive({
      // etcd answers for a lease that is gone with success and a TTL of 0; that is the only sign of it.
      onMessage: ({ TTL: ttl, header }) => this.#settle({ alive: Number(ttl) > 0, revision: BigInt(header.revision) }),
      onEnd: (error) => {
        if (this.#open?.connection === connection) this.#abandon();
        this.#settle(error);
      },
    });
  }
}
