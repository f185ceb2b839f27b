/**
 * The life of a service, in the one order in which no request is lost:
 *
 *     listen → self-check → register → … → asked to end → say that we drain (etcd, then every answer) → linger
 *                                                        → stop listening, finish what is in flight → delete the key → exit
 *
 * Registering first would have callers refused while we start. Closing first would have them refused until they hear of it: they go
 * by etcd, and by what answers say. Leaving etcd first would leave nobody to tell them.
 */
import { checkNumber, InvalidOptionError } from '@lb/core';
import { register, type RegisterOptions, type EndpointOptions, type Registration } from '@lb/registry';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance, FastifyListenOptions } from 'fastify';
import { setTimeout as after } from 'node:timers/promises';

import { AppCloser } from './close-app.ts';
import { selfCheck } from './self-check.ts';
import { type ServiceState, stateOf } from './service-state.ts';
import { untilQuiet } from './until-quiet.ts';

/** Where to listen and to register, and how to end. */
export interface ServeOptions {
  /** As for `app.listen()`. Defaults to 127.0.0.1, and any free port. */
  readonly listen?: FastifyListenOptions | undefined;
  /** Where to register; leave it out for a service that only calls others. */
  readonly register?: ServeRegisterOptions | undefined;
  /** What the service must answer to itself with 2xx or 3xx before it is registered; `false` for nothing. Defaults to `/livez`. */
  readonly selfCheckPath?: string | false | undefined;
  /**
   * How long to go on serving after saying that we drain, in milliseconds. Defaults to 1000: it must be longer than news take from
   * etcd to the last caller, which is milliseconds, except for one whose connection to etcd just broke. Behind Kubernetes services, whose
   * news take seconds, use 5000 to 15 000. While requests still come after that, it goes on for as long again at most.
   */
  readonly lingerMs?: number | undefined;
  /** How long what is in flight may take after that, in milliseconds, before its connections are cut. Defaults to 10 000. */
  readonly finishMs?: number | undefined;
  /** How long telling etcd that we drain may take, in milliseconds: answers tell callers as well. Defaults to 500. */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * When to exit in any case, in milliseconds after being asked to. Defaults to 2 × `lingerMs` + `finishMs` + 4000, time for the rest. Keep it
   * below what your supervisor waits before it kills: 30 s in Kubernetes, 10 s in Docker.
   */
  readonly hardStopMs?: number | undefined;
  /**
   * Whether to end the process, with code 0 when nothing was cut off, on SIGTERM, SIGINT and other signals, and on uncaught errors, with
   * code 1. A second signal ends it at once, with code 1. Of several services in one process all stop before it ends, or the first
   * `hardStopMs` is over. Defaults to true; false where you call `stop()` yourself.
   */
  readonly signals?: boolean | undefined;
  /** Aborting it stops the service, also while it still waits for etcd. */
  readonly signal?: AbortSignal | undefined;
}

/** As for `register()` of `@lb/registry`, but the origin defaults to where the service listens. */
export interface ServeRegisterOptions extends Omit<RegisterOptions, 'endpoint' | 'signal'> {
  readonly endpoint?: (Omit<EndpointOptions, 'origin'> & { readonly origin?: string | undefined }) | undefined;
}

/** A service that listens, and is registered if it was told where. */
export interface Service extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  readonly registration: Registration | undefined;
  /** Drains and closes, in the order above; resolves with whether all that was in flight has finished. Never rejects for etcd's sake. */
  stop(): Promise<boolean>;
}

/**
 * Listens, and registers what answers. Resolves once it is in etcd, or stopped; while etcd is away it serves and keeps trying. Rejects with what
 * `app.listen()` rejects with, with `SelfCheckError`, and with `IdTakenError` or `EtcdError` when etcd refuses; the app is closed then.
 *
 * @throws {InvalidOptionError}
 * @throws {MissingPluginError} without `provider` or `lameDuck` on the app
 */
export async function serve(app: FastifyInstance, options: ServeOptions = {}): Promise<Service> {
  const service = new RunningService(app, options);
  if (options.signals !== false) service.endOnSignals();
  if (options.signal !== undefined) service.stopOn(options.signal);
  try {
    await service.start();
  } catch (error) {
    await service.abandon();
    throw error;
  }
  return service;
}

/** What the end takes besides lingering and finishing: two tries to delete the key, and one to end the lease. */
const restMs = 4000;

/** Those that end the process: none may, while another one still finishes what it has in flight. */
const ending = new Set<RunningService>();

class RunningService implements Service {
  readonly #app: FastifyInstance;
  readonly #closer: AppCloser;
  readonly #state: ServiceState;
  readonly #options: ServeOptions;
  readonly #lingerMs: number;
  readonly #finishMs: number;
  readonly #drainTimeoutMs: number;
  readonly #hardStopMs: number;
  readonly #stopping = new AbortController();
  #stopped: Promise<boolean> | undefined;
  #forgetSignals: (() => void) | undefined;

  constructor(app: FastifyInstance, options: ServeOptions) {
    this.#app = app;
    this.#options = options;
    this.#lingerMs = checkMs('lingerMs', options.lingerMs ?? 1000);
    this.#finishMs = checkMs('finishMs', options.finishMs ?? 10_000);
    this.#drainTimeoutMs = checkMs('drainTimeoutMs', options.drainTimeoutMs ?? 500);
    const least = 2 * this.#lingerMs + this.#finishMs;
    this.#hardStopMs = checkNumber('hardStopMs', options.hardStopMs ?? least + restMs, {
      min: least,
      max: 2 ** 31 - 1,
    });
    this.#state = stateOf(app);
    this.#closer = new AppCloser(app);
  }

  get origin(): string {
    return this.#app.listeningOrigin;
  }

  get registration(): Registration | undefined {
    return this.#state.registration;
  }

  /** Resolves when it has begun, or, when it is asked to end before that, when it has stopped. */
  async start(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      if (!signal.aborted) await this.#begin();
    } catch (error) {
      // Asked to end before it had begun: that is no failure.
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) return;
    await this.stop();
    // It may have come to be when the stop had already looked for it.
    await this.registration?.close();
  }

  async #begin(): Promise<void> {
    const { listen = {}, register: where, selfCheckPath = '/livez' } = this.#options;
    if (where !== undefined) {
      checkReachable(listen.host, where);
      this.#state.checks.set('registration', () => (this.registration === undefined ? 'not registered yet' : 'ok'));
    }
    await this.#app.listen({ host: '127.0.0.1', port: 0, ...listen });
    if (selfCheckPath !== false) await selfCheck(reachable(this.origin), selfCheckPath);
    if (where === undefined) return;
    const endpoint = { ...where.endpoint, origin: where.endpoint?.origin ?? this.origin };
    this.#state.registration = await register({ ...where, endpoint, signal: this.#stopping.signal });
  }

  stopOn(signal: AbortSignal): void {
    const stop = (): void => void this.stop();
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { signal: this.#stopping.signal });
  }

  endOnSignals(): void {
    const { log } = this.#app;
    const options = { delay: this.#hardStopMs, logger: log, skip: ['beforeExit' as const] };
    const { uninstall } = closeWithGrace(options, async ({ signal, err }) => {
      if (err === undefined) log.info(`stopping on ${signal ?? 'request'}`);
      else log.fatal(err, 'stopping on an error that nobody caught');
      const finished = await Promise.all(Array.from(ending, (service) => service.stop()));
      if (finished.includes(false)) throw new Error('Cut off what had not finished in time (finishMs)');
    });
    ending.add(this);
    this.#forgetSignals = () => {
      uninstall();
      ending.delete(this);
    };
  }

  stop(): Promise<boolean> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What could not start has nobody to tell, and no say in how the process ends: that would cut off whoever starts next. */
  async abandon(): Promise<void> {
    this.#forgetSignals?.();
    this.#stopping.abort();
    this.#stopped ??= this.#closer.close(0);
    await this.#stopped;
  }

  async #stop(): Promise<boolean> {
    const { log } = this.#app;
    this.#stopping.abort();
    this.#state.drain();
    log.info(`draining for ${this.#lingerMs} ms, then finishing ${this.#state.inFlight} requests in flight`);
    const lingering = after(this.#lingerMs);
    // When etcd is away the key ends with its lease, and answers tell callers until then.
    const told = this.registration
      ?.drain()
      .catch((error: Error) => log.warn(`could not tell etcd that we drain: ${error.message}`));
    await Promise.race([told, after(this.#drainTimeoutMs, undefined, { ref: false })]);
    await lingering;
    await untilQuiet({ lastAt: () => this.#state.lastRequestAt, limitMs: this.#lingerMs });
    this.#state.closing = true;
    const finished = await this.#closer.close(this.#finishMs);
    await this.registration?.close();
    ending.delete(this);
    return finished;
  }
}

/** Nobody can be sent to an address that stands for all of ours. */
function checkReachable(host: string | undefined, { endpoint }: ServeRegisterOptions): void {
  if (endpoint?.origin === undefined && host !== undefined && isWildcard(host)) {
    throw new InvalidOptionError('register.endpoint.origin', `given when listening on ${host}`, undefined);
  }
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || (host.includes(':') && /^[0:]*$/.test(host));
}

/** How we reach ourselves at `origin`. */
function reachable(origin: string): string {
  return origin.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function checkMs(option: string, value: number): number {
  return checkNumber(option, value, { min: 0, max: 600_000 });
}
