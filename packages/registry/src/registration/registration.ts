/**
 * One endpoint, kept in etcd for as long as its process lives.
 *
 * Grant a lease, put the key under it if nobody else holds the key, renew; when the lease or the key is lost, again, for ever.
 * Trouble with etcd never stops anybody from serving: it shows in {@link Registration.state} and on a diagnostics channel.
 */
import { checkNumber, type Endpoint, InvalidOptionError } from '@lb/core';
import { randomUUID } from 'node:crypto';

import { addressCheck, type AddressPolicy } from './address-policy.ts';
import { Backoff } from './backoff.ts';
import { channels } from './channels.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Codec } from './codec.ts';
import { etcdNaming } from './codecs/etcd-naming.ts';
import { EtcdClient } from './etcd-client.ts';
import { checkEtcdOptions, type EtcdOptions } from './etcd-options.ts';
import { ClosedError, EtcdError, IdTakenError, InvalidValueError } from './errors.ts';
import { keepAlive, type KeepAliveEnd, type Lease } from './keep-alive.ts';
import { OwnKey } from './own-key.ts';
import { checkEndpoint, isServiceName } from './validate.ts';

/** What to register. */
export interface EndpointOptions extends Partial<Omit<Endpoint, 'origin' | 'state'>> {
  /** Where the endpoint can be reached, such as `http://10.0.0.5:8080`: an IP address, and a port. */
  readonly origin: string;
  /** Names one run of one process. Defaults to a random UUID; give one only if it is new with every start. */
  readonly id?: string;
}

/** What {@link Registration.update} may change while the process runs. */
export type EndpointChange = Partial<Pick<Endpoint, 'weight' | 'maxConcurrency' | 'zone' | 'metadata' | 'state'>>;

export interface RegisterOptions extends EtcdOptions {
  /** Name of the service: a letter or digit, then letters, digits, dots, dashes and underscores; 128 in all. */
  readonly service: string;
  readonly endpoint: EndpointOptions;
  /**
   * Time to live of the lease in seconds: how long a process that died is still listed. Defaults to 15, and is at least 2. The
   * lower, the more often it is renewed, and the shorter a pause that loses it; leave finding dead processes quickly to balancers.
   */
  readonly ttlSeconds?: number | undefined;
  /** Layout of key and value. Defaults to `etcdNaming()`, which etcd's own clients read. */
  readonly codec?: Codec | undefined;
  /** Which addresses may be registered. */
  readonly addresses?: AddressPolicy | undefined;
  /** Ends waiting for the first registration. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  /** Source of chance for back-off and intervals. */
  readonly random?: (() => number) | undefined;
}

export type RegistrationState =
  /** Not in etcd yet, or not any more; `attempt` counts from 1. */
  | { readonly kind: 'registering'; readonly attempt: number; readonly error: Error | undefined }
  /** In etcd, written at `revision`, under a lease that is certain to live. */
  | { readonly kind: 'registered'; readonly leaseId: string; readonly revision: number }
  /** Not renewed for a TTL: others may no longer see us. It may live, so it is still renewed. */
  | { readonly kind: 'uncertain'; readonly leaseId: string; readonly revision: number; readonly error: Error }
  /** Another process holds the id. Tried again each TTL. */
  | { readonly kind: 'taken'; readonly error: IdTakenError }
  | { readonly kind: 'closed' };

/**
 * Registers an endpoint and keeps it registered. Resolves once it is in etcd; while etcd is away it keeps trying until `signal`
 * aborts. Rejects with `IdTakenError` when another process holds the id, and with `EtcdError` when etcd does not let us.
 * Throws `InvalidOptionError`.
 */
export async function register(options: RegisterOptions): Promise<Registration> {
  const registration = new EtcdRegistration(options);
  try {
    await registration.start(options.signal);
  } catch (error) {
    await registration.close();
    throw error;
  }
  return registration;
}

export interface Registration extends AsyncDisposable {
  readonly service: string;
  readonly id: string;
  /** The endpoint as it should stand in etcd. */
  readonly endpoint: Endpoint;
  readonly state: RegistrationState;
  /**
   * Changes what is registered. Resolves once it is in etcd; rejects with `EtcdError` when etcd cannot be reached, and is then
   * written as soon as it can. Throws `InvalidOptionError`.
   */
  update(change: EndpointChange): Promise<void>;
  /** Asks consumers to send nothing new; as {@link update}. The endpoint stays registered, and the process should go on serving. */
  drain(): Promise<void>;
  /** Takes the endpoint out of etcd and stops. Never rejects: what etcd does not hear of ends with the lease. */
  close(): Promise<void>;
}

class EtcdRegistration implements Registration {
  readonly service: string;
  readonly id: string;
  readonly #client: EtcdClient;
  readonly #key: OwnKey;
  readonly #ttlSeconds: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  #endpoint: Endpoint;
  #state: RegistrationState = { kind: 'registering', attempt: 1, error: undefined };
  #lease: Lease | undefined;
  /** Writes go one after the other, so that an older value cannot overtake a newer one. */
  #writing: Promise<void> = Promise.resolve();
  #written: Endpoint | undefined;
  #writtenAt = -Infinity;
  #running: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: RegisterOptions) {
    if (!isServiceName(options.service)) {
      throw new InvalidOptionError(
        'service',
        'a name of letters, digits, dots, dashes and underscores',
        options.service,
      );
    }
    const etcd = checkEtcdOptions(options);
    this.service = options.service;
    this.#endpoint = ownEndpoint(options, etcd.loopback);
    this.id = this.#endpoint.id;
    this.#ttlSeconds = checkNumber('ttlSeconds', options.ttlSeconds ?? 15, { min: 2, max: 86_400, integer: true });
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#client = new EtcdClient(etcd, this.#random);
    this.#key = new OwnKey(this.#client, this.service, this.id, options.codec ?? etcdNaming());
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  async start(signal: AbortSignal | undefined): Promise<void> {
    const abort = (): void => this.#first.reject(signal?.reason);
    if (signal?.aborted === true) abort();
    else this.#running = this.#run();
    signal?.addEventListener('abort', abort);
    try {
      await this.#first.promise;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async update(change: EndpointChange): Promise<void> {
    if (this.#closed !== undefined) throw new ClosedError(`The registration of "${this.id}"`);
    this.#endpoint = asOption(() => checkEndpoint({ ...this.#endpoint, ...change }, () => {}));
    if (this.#lease !== undefined) await this.#write(this.#lease);
  }

  drain(): Promise<void> {
    return this.update({ state: 'draining' });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    const lease = this.#lease;
    if (lease !== undefined) {
      // Deleting is what takes us out: whoever attached a key of theirs to our lease can keep us from revoking it.
      await this.#key.remove(lease).catch(nobodyToTell);
      await this.#client.lease('leaseRevoke', (leases) => leases.leaseRevoke({ ID: lease.id })).catch(nobodyToTell);
    }
    this.#client.close();
    this.#enter({ kind: 'closed' });
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const ttlMs = this.#ttlSeconds * 1000;
    const backoff = new Backoff({ baseMs: 500, capMs: Math.min(2000, ttlMs / 3) }, this.#random);
    let attempt = 1;
    while (!signal.aborted) {
      try {
        const lease = await this.#grant();
        await this.#write(lease);
        this.#first.resolve();
        const end = await this.#hold(lease);
        attempt = 1;
        backoff.reset();
        if (end.kind === 'closed') return;
        this.#enter({ kind: 'registering', attempt, error: undefined });
        // A lease that etcd gave up although we were in time was not lost alone: spread out, so that all do not return at once.
        await this.#clock.sleep(this.#random() * (end.late ? 500 : Math.min(ttlMs / 3, 5000)), signal);
      } catch (error) {
        attempt += 1;
        const taken = error instanceof IdTakenError;
        if (taken || isRefusal(error)) this.#first.reject(error);
        this.#enter(taken ? { kind: 'taken', error } : { kind: 'registering', attempt, error: asError(error) });
        await this.#clock.sleep(taken ? ttlMs : backoff.next(), signal);
      }
    }
  }

  async #grant(): Promise<Lease> {
    const grantedAt = this.#clock.now();
    const { ID: id, TTL: ttl } = await this.#client.lease('leaseGrant', (leases) =>
      leases.leaseGrant({ TTL: this.#ttlSeconds }),
    );
    this.#lease = { id, ttlMs: Number(ttl) * 1000, grantedAt };
    return this.#lease;
  }

  /** Writes the endpoint as it is now, if it does not stand there already. */
  #write(lease: Lease): Promise<void> {
    const write = this.#writeAfter(this.#writing, lease);
    this.#writing = write.catch(nobodyToTell);
    return write;
  }

  async #writeAfter(earlier: Promise<void>, lease: Lease): Promise<void> {
    await earlier;
    const endpoint = this.#endpoint;
    const revision = await this.#key.ensure(lease, endpoint);
    this.#written = endpoint;
    this.#writtenAt = this.#clock.now();
    this.#enter({ kind: 'registered', leaseId: lease.id, revision });
  }

  /** Keeps the lease, and the key under it, until one of them is lost. Rejects with `IdTakenError`. */
  #hold(lease: Lease): Promise<KeepAliveEnd> {
    const taken = Promise.withResolvers<never>();
    const over = new AbortController();
    const end = keepAlive(lease, {
      client: this.#client,
      clock: this.#clock,
      random: this.#random,
      signal: AbortSignal.any([this.#closing.signal, over.signal]),
      onRenewed: () => {
        this.#renewed();
        const due = this.#written !== this.#endpoint || this.#clock.now() - this.#writtenAt >= lease.ttlMs;
        // A failure to write is either in the way of renewals, too, or tried again after the next one.
        if (due) this.#write(lease).catch((error) => error instanceof IdTakenError && taken.reject(error));
      },
      onFailed: (error, certain) => {
        if (!certain) this.#unsure(error);
      },
    });
    return Promise.race([end, taken.promise]).finally(() => over.abort());
  }

  #renewed(): void {
    if (this.#state.kind !== 'uncertain') return;
    const { leaseId, revision } = this.#state;
    this.#enter({ kind: 'registered', leaseId, revision });
  }

  #unsure(error: Error): void {
    if (this.#state.kind !== 'registered') return;
    const { leaseId, revision } = this.#state;
    this.#enter({ kind: 'uncertain', leaseId, revision, error });
  }

  #enter(state: RegistrationState): void {
    if (this.#state.kind === 'registered' && state.kind === 'registered' && sameRegistration(this.#state, state))
      return;
    this.#state = state;
    channels.registration.publish({ service: this.service, endpoint: this.#endpoint, state });
  }
}

function ownEndpoint({ endpoint, addresses }: RegisterOptions, registryIsLocal: boolean): Endpoint {
  const check = addressCheck(addresses ?? {}, registryIsLocal);
  // The process began at `timeOrigin`; a restarted one is a newcomer to all its consumers, a restarted consumer meets no newcomer.
  const defaults = { id: randomUUID(), startedAt: Math.round(performance.timeOrigin), state: 'serving' };
  return asOption(() => checkEndpoint({ ...defaults, ...endpoint }, check));
}

/** What would be a bad value in the registry is a bad option here. */
function asOption(check: () => Endpoint): Endpoint {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error;
    throw new InvalidOptionError('endpoint', `one that others can use (${error.why})`, undefined);
  }
}

function sameRegistration(
  a: { readonly leaseId: string; readonly revision: number },
  b: { readonly leaseId: string; readonly revision: number },
): boolean {
  return a.leaseId === b.leaseId && a.revision === b.revision;
}

function isRefusal(error: unknown): boolean {
  return error instanceof EtcdError && (error.code === 'ERR_ETCD_DENIED' || error.code === 'ERR_ETCD_UNAUTHENTICATED');
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The lease ends whatever is left undone. */
function nobodyToTell(): void {}
