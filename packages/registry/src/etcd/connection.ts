/**
 * One connection to one member of the cluster: etcd3 as a transport.
 *
 * Of etcd3 1.1.2 we use the channel, TLS and the typed messages. Its `Lease` and `Watcher` are left alone, since both can be wrong
 * without saying so: a watch resumes at the revision of the last header rather than of the last event and loses what lies between,
 * and stays deaf on a store that was wiped. So are its retries, its circuit breaker, which turns one lost packet into five seconds
 * without keep-alives, and its authentication, which asks for a token once for each call that finds the old one expired.
 *
 * A connection that has failed is left, never mended: whoever goes on makes a new one, so that a dead TCP connection, gRPC's own
 * waits between attempts and yesterday's certificate all end with it, and how often etcd is tried is decided in one place.
 */
import { type Channel, connectivityState, type Interceptor, InterceptingCall, status } from '@grpc/grpc-js';
import {
  Etcd3,
  type IDuplexStream,
  type ILeaseKeepAliveRequest,
  type ILeaseKeepAliveResponse,
  type IOptions,
  type IWatchRequest,
  type IWatchResponse,
} from 'etcd3';
import { getCACertificates } from 'node:tls';

import type { Clock } from '../clock.ts';
import { ClosedError, EtcdError } from '../errors.ts';
import { classify } from './classify.ts';
import { closableChannel } from './closable-channel.ts';
import type { CheckedEtcdOptions, EtcdAuthOptions, EtcdTlsOptions } from './etcd-options.ts';
import type { Tokens } from './tokens.ts';

/** What a call gets to be made with. */
type Clients = Pick<Etcd3, 'kv' | 'leaseClient' | 'auth' | 'cluster' | 'maintenance'>;

/** Handed on to each call, which is stopped through it. */
export interface CallOptions {
  readonly interceptors: Interceptor[];
}

export type Call<T> = (etcd: Clients, options: CallOptions) => Promise<T>;

export interface CallLimits {
  /** Stops the call, which then rejects with `ClosedError`. */
  readonly signal?: AbortSignal | undefined;
  /** Defaults to the option `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

/** A stream that is open, or on its way to be. */
export interface Stream<Request> {
  write(request: Request): void;
  /** Ends it. No handler is called after this. */
  cancel(): void;
}

export interface StreamHandlers<Response> {
  /** What it throws ends the stream. */
  readonly onMessage: (response: Response) => void;
  /** It is over, and not because we cancelled it. Called at most once. */
  readonly onEnd: (error: Error) => void;
}

export interface ConnectionOptions {
  readonly etcd: CheckedEtcdOptions;
  readonly host: string;
  readonly clock: Clock;
  readonly tokens: Tokens | undefined;
}

export class Connection {
  readonly host: string;
  readonly #etcd: Etcd3;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #tokens: Tokens | undefined;
  /** One for each of etcd's services, all on one socket. */
  readonly #channels: Channel[] = [];
  #uses = 0;
  #retired = false;

  /** Nothing is sent before the first call. Throws `EtcdError` for certificates that cannot be used. */
  constructor({ etcd, host, clock, tokens }: ConnectionOptions) {
    this.host = host;
    this.#clock = clock;
    this.#timeoutMs = etcd.requestTimeoutMs;
    this.#tokens = tokens;
    try {
      this.#etcd = new Etcd3(etcd3Options(host, etcd, (channel) => this.#channels.push(channel)));
    } catch (cause) {
      throw new EtcdError('ERR_ETCD_TLS', 'connect', host, { cause });
    }
  }

  /** Makes a unary call. Rejects with `EtcdError` or `ClosedError`. */
  async call<T>(name: string, run: Call<T>, limits: CallLimits = {}): Promise<T> {
    const release = this.hold();
    try {
      const token = await this.#token(name, limits);
      try {
        return await this.#attempt(name, run, token, limits);
      } catch (error) {
        if (this.#tokens?.doubt(token, error) !== true) throw error;
        return await this.#attempt(name, run, await this.#token(name, limits), limits);
      }
    } finally {
      release();
    }
  }

  /** Opens a watch, unless the signal aborts before it could. Rejects with `EtcdError` or `ClosedError`. */
  async watch(
    handlers: StreamHandlers<IWatchResponse>,
    limits: Pick<CallLimits, 'signal'> = {},
  ): Promise<Stream<IWatchRequest>> {
    const token = await this.#token('watch', limits);
    return this.#open<IWatchRequest, IWatchResponse>(
      'watch',
      (options) => this.#etcd.watchClient.watch(options),
      token,
      {
        onMessage: handlers.onMessage,
        onEnd: (error) => {
          this.#tokens?.doubt(token, error);
          handlers.onEnd(error);
        },
      },
    );
  }

  /** As {@link watch}. etcd lets anybody renew a lease, so no token goes with it. */
  keepAlive(handlers: StreamHandlers<ILeaseKeepAliveResponse>): Promise<Stream<ILeaseKeepAliveRequest>> {
    return this.#open<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>(
      'keepAlive',
      (options) => this.#etcd.leaseClient.leaseKeepAlive(options),
      undefined,
      handlers,
    );
  }

  /**
   * What to say of a call that has had no answer in time. Where there is a connection etcd is up, and has too much to do; where none has
   * come about nobody knows of the call, and asking again is work for nobody.
   */
  late(name: string): EtcdError {
    const connected = this.#channels.some((channel) => channel.getConnectivityState(false) === connectivityState.READY);
    return new EtcdError(connected ? 'ERR_ETCD_TIMEOUT' : 'ERR_ETCD_UNAVAILABLE', name, this.host, {});
  }

  /** Keeps it open until the returned function is called, even when it is retired. Throws `ClosedError` when it no longer is. */
  hold(): () => void {
    if (this.#retired && this.#uses === 0) throw new ClosedError('The connection to etcd');
    let held = true;
    this.#uses += 1;
    return () => {
      if (!held) return;
      held = false;
      this.#uses -= 1;
      this.#closeIfDone();
    };
  }

  /** Closes it once nothing uses it any more. */
  retire(): void {
    this.#retired = true;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#retired && this.#uses === 0) this.#etcd.close();
  }

  /** Waits for the token no longer than for an answer: whoever else waits for it goes on doing so. */
  async #token(name: string, limits: CallLimits): Promise<string | undefined> {
    const tokens = this.#tokens;
    if (tokens === undefined) return undefined;
    const authenticate = async ({ username, password }: EtcdAuthOptions): Promise<string> => {
      const release = this.hold();
      try {
        const { token } = await this.#attempt(
          'authenticate',
          ({ auth }, options) => auth.authenticate({ name: username, password }, options),
          undefined,
          { signal: tokens.closing },
        );
        return token;
      } finally {
        release();
      }
    };
    return this.#within(name, limits, () => ({ result: tokens.get(authenticate), cancel: () => {} }));
  }

  #attempt<T>(name: string, run: Call<T>, token: string | undefined, limits: CallLimits): Promise<T> {
    return this.#within(name, limits, (stop) => {
      const guard = new Guard(token, (error) => stop(classify(error, name, this.host)));
      return { result: run(this.#etcd, { interceptors: [guard.interceptor] }), cancel: () => guard.cancel() };
    });
  }

  /** What `begin` has begun, unless it is stopped before: by itself, by the signal, or by time. Rejects with `EtcdError` or `ClosedError`. */
  async #within<T>(
    name: string,
    { signal, timeoutMs = this.#timeoutMs }: CallLimits,
    begin: (stop: (error: Error) => void) => { readonly result: Promise<T>; readonly cancel: () => void },
  ): Promise<T> {
    const stopped = Promise.withResolvers<never>();
    const { result, cancel } = begin((error) => stop(error));
    const stop = (error: Error): void => {
      stopped.reject(error);
      cancel();
    };
    const abort = (): void => stop(new ClosedError('Whoever asked etcd'));
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    // Ours, not gRPC's: that one goes by the wall clock, and a clock set back an hour would make the call wait as long.
    const cancelTimer = this.#clock.schedule(() => stop(this.late(name)), timeoutMs);
    try {
      return await Promise.race([stopped.promise, result]);
    } catch (error) {
      throw classify(error, name, this.host);
    } finally {
      cancelTimer();
      signal?.removeEventListener('abort', abort);
    }
  }

  async #open<Request, Response>(
    name: string,
    open: (options: CallOptions) => Promise<IDuplexStream<Request, Response>>,
    token: string | undefined,
    { onMessage, onEnd }: StreamHandlers<Response>,
  ): Promise<Stream<Request>> {
    const release = this.hold();
    const guard = new Guard(token, () => {});
    let over = false;
    const cancel = (): void => {
      over = true;
      guard.cancel();
      release();
    };
    const end = (error: unknown): void => {
      if (over) return;
      cancel();
      onEnd(classify(error, name, this.host));
    };
    try {
      const stream = await open({ interceptors: [guard.interceptor] });
      stream.on('data', (message) => {
        if (over) return;
        try {
          onMessage(message);
        } catch (error) {
          end(error);
        }
      });
      // A stream that is cancelled still emits an error, so the listeners stay on.
      stream.on('error', end);
      stream.on('end', () => end(new Error('etcd ended the stream')));
      return { write: (request) => over || stream.write(request), cancel };
    } catch (error) {
      cancel();
      throw classify(error, name, this.host);
    }
  }
}

/** What goes with each call, and what ends it. */
class Guard {
  readonly #token: string | undefined;
  readonly #onTokenRefused: (error: Error) => void;
  #call: InterceptingCall | undefined;
  #cancelled = false;

  /** etcd3 makes a call that is refused for its token again, at once and for ever; `onTokenRefused` is told before it does. */
  constructor(token: string | undefined, onTokenRefused: (error: Error) => void) {
    this.#token = token;
    this.#onTokenRefused = onTokenRefused;
  }

  readonly interceptor: Interceptor = (options, nextCall) => {
    const call = new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) => {
        // etcd3 hands the same metadata to every call.
        const own = metadata.clone();
        // A member that has lost its leader then ends the stream, and fails the call, at once. Without this a watch on the minority
        // side of a partition looks healthy for as long as the partition lasts.
        own.set('hasleader', 'true');
        if (this.#token !== undefined) own.set('token', this.#token);
        next(own, {
          onReceiveMetadata: (received, pass) => pass(received),
          onReceiveMessage: (message, pass) => pass(message),
          onReceiveStatus: (received, pass) => {
            const { code, details } = received;
            if (code === status.UNAUTHENTICATED) {
              this.#onTokenRefused(Object.assign(new Error(`${code} UNAUTHENTICATED: ${details}`), { code }));
            }
            pass(received);
          },
        });
      },
    });
    this.#call = call;
    if (this.#cancelled) queueMicrotask(() => this.cancel());
    return call;
  };

  cancel(): void {
    this.#cancelled = true;
    // For what is cancelled as such etcd3 closes all channels to the member; this status, which etcd never sees, it leaves alone.
    this.#call?.cancelWithStatus(status.FAILED_PRECONDITION, 'given up');
  }
}

let connections = 0;

function etcd3Options(
  host: string,
  { secure, tls }: CheckedEtcdOptions,
  onChannel: (channel: Channel) => void,
): IOptions {
  connections += 1;
  return {
    hosts: `${secure ? 'https' : 'http'}://${host}`,
    ...(secure && { credentials: credentials(tls()) }),
    faultHandling: { host: () => passThrough, global: passThrough },
    grpcOptions: {
      // gRPC shares a socket among all channels of a process with the same options. An option of our own makes each connection a
      // socket: one that is dead must not be handed to the next.
      'lb.connection': connections,
      channelFactoryOverride: (...given: Parameters<typeof closableChannel>) => {
        const channel = closableChannel(...given);
        onChannel(channel);
        return channel;
      },
      // etcd refuses pings more often than every 5 s, and pings without a stream, as abuse.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3000,
      'grpc.keepalive_permit_without_calls': 0,
      // What is tried again, and when, is not left to gRPC, nor to whoever answers for the name of a member.
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      // Ten times the largest value that etcd takes by default. A list asks for less, but a watch takes what comes.
      'grpc.max_receive_message_length': 16 * 1024 * 1024,
    },
  };
}

function credentials({ ca, cert, key }: EtcdTlsOptions): NonNullable<IOptions['credentials']> {
  return {
    rootCertificate: Buffer.from(ca ?? getCACertificates().join('\n')),
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
