/**
 * etcd3 as a transport: typed unary calls and raw streams, one member at a time.
 *
 * Of etcd3 1.1.2 we use the connections, TLS, authentication and typed messages. Its `Lease` and `Watcher` are left alone, since
 * both can be wrong without saying so: a watch resumes at the revision of the last header rather than of the last event and
 * loses what lies between, and stays deaf on a store that was wiped. So are its retries and its circuit breaker, which turns one
 * lost packet into five seconds without keep-alives. Each member has a client of its own here, so that "ask another member" is
 * ours to decide.
 */
import { type Interceptor, InterceptingCall } from '@grpc/grpc-js';
import { Etcd3, type IOptions, type KVClient, type LeaseClient, type WatchClient } from 'etcd3';
import { rootCertificates } from 'node:tls';

import { classify } from './classify.ts';
import { wallClock } from './clock.ts';
import type { CheckedEtcdOptions } from './etcd-options.ts';
import { ClosedError } from './errors.ts';

export type WatchStream = Awaited<ReturnType<WatchClient['watch']>>;
export type KeepAliveStream = Awaited<ReturnType<LeaseClient['leaseKeepAlive']>>;

export class EtcdClient {
  readonly #members: readonly { readonly host: string; readonly etcd: Etcd3 }[];
  #current: number;
  #closed = false;

  /** `random` chooses the member to begin with, so that clients spread over the cluster. */
  constructor(options: CheckedEtcdOptions, random: () => number) {
    this.#members = options.hosts.map((host) => ({ host, etcd: new Etcd3(etcd3Options(host, options)) }));
    this.#current = Math.floor(random() * this.#members.length);
  }

  /** The member in use, as `host:port`. */
  get host(): string {
    return this.#members[this.#current]?.host ?? '';
  }

  /** A unary call to the key-value store. Rejects with `EtcdError`, after which the next call asks another member. */
  kv<T>(call: string, run: (kv: KVClient) => Promise<T>): Promise<T> {
    return this.#run(call, (etcd) => run(etcd.kv));
  }

  /** A unary call about leases. As {@link kv}. */
  lease<T>(call: string, run: (lease: LeaseClient) => Promise<T>): Promise<T> {
    return this.#run(call, (etcd) => run(etcd.leaseClient));
  }

  watch(): Promise<WatchStream> {
    return this.#run('watch', (etcd) => etcd.watchClient.watch());
  }

  keepAlive(): Promise<KeepAliveStream> {
    return this.#run('keepAlive', (etcd) => etcd.leaseClient.leaseKeepAlive());
  }

  /** Asks another member from now on. For whoever finds that the current one has gone silent. */
  rotate(): void {
    this.#current = (this.#current + 1) % this.#members.length;
  }

  close(): void {
    this.#closed = true;
    for (const { etcd } of this.#members) etcd.close();
  }

  #member(): { readonly host: string; readonly etcd: Etcd3 } {
    const member = this.#members[this.#current];
    if (member === undefined || this.#closed) throw new ClosedError('The etcd client');
    return member;
  }

  async #run<T>(call: string, run: (etcd: Etcd3) => Promise<T>): Promise<T> {
    const { host, etcd } = this.#member();
    try {
      return await run(etcd);
    } catch (error) {
      if (host === this.host) this.rotate();
      throw classify(error, call, host);
    }
  }
}

function etcd3Options(host: string, options: CheckedEtcdOptions): IOptions {
  const { secure, tls, auth, requestTimeoutMs } = options;
  return {
    hosts: `${secure ? 'https' : 'http'}://${host}`,
    ...(secure && { credentials: credentials(tls) }),
    ...(auth !== undefined && { auth: { username: auth.username, password: auth.password } }),
    faultHandling: { host: () => passThrough, global: passThrough },
    grpcOptions: {
      // etcd refuses pings more often than every 5 s, and pings without a stream, as abuse.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3000,
      'grpc.keepalive_permit_without_calls': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
      // A page of a list, or history caught up on, may be larger than gRPC's default of 4 MiB.
      'grpc.max_receive_message_length': 64 * 1024 * 1024,
    },
    // gRPC takes deadlines by the wall clock only. A clock that jumps costs one call; its retry gets a new deadline.
    defaultCallOptions: ({ isStream }) =>
      isStream ? { interceptors: [requireLeader] } : { deadline: wallClock() + requestTimeoutMs },
  };
}

function credentials({ ca, cert, key }: CheckedEtcdOptions['tls']): NonNullable<IOptions['credentials']> {
  return {
    rootCertificate: Buffer.from(ca ?? rootCertificates.join('\n')),
    ...(key !== undefined && { privateKey: Buffer.from(key) }),
    ...(cert !== undefined && { certChain: Buffer.from(cert) }),
  };
}

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

/** No retry and no breaker: what fails is told to us at once. */
const neverAborted = new AbortController().signal;
const nothingToDispose = { dispose: (): void => {} };
const passThrough: Policy = {
  get _altReturn(): never {
    throw new Error('Exists for its type only');
  },
  onSuccess: () => nothingToDispose,
  onFailure: () => nothingToDispose,
  execute: async (run, signal = neverAborted) => run({ signal }),
};

/**
 * Makes a member that has lost its leader end the stream instead of keeping it open and silent: without this a watch on the
 * minority side of a partition looks healthy for as long as the partition lasts.
 */
const requireLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start: (metadata, listener, next) => {
      // etcd3 hands the same metadata to every call; this must not reach the unary ones.
      const own = metadata.clone();
      own.set('hasleader', 'true');
      next(own, listener);
    },
  });
