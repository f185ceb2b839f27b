/**
 * One endpoint, kept in etcd for as long as its process lives.
 *
 * Grant a lease, put the key under it if nobody else holds the key, renew; when the lease or the key is lost, again, for ever.
 * Trouble with etcd never stops anybody from serving: it shows in {@link Registration.state} and on a diagnostics channel.
 */
import { checkNumber, type Endpoint, InvalidOptionError } from '@lb/core';
import { randomUUID } from 'node:crypto';

import { addressCheck, type AddressPolicy } from '../address-policy.ts';
import { channels } from '../channels.ts';
import { type Clock, sleep, systemClock } from '../clock.ts';
import { type Codec, prefixOf } from '../codecs/codec.ts';
import { etcdNaming } from '../codecs/etcd-naming.ts';
import { asError, ClosedError, EtcdError, IdTakenError, InvalidValueError, NotRegisteredError } from '../errors.ts';
import { EtcdClient } from '../etcd/etcd-client.ts';
import { checkEtcdOptions, type EtcdOptions } from '../etcd/etcd-options.ts';
import { checkEndpoint, checkServiceName, maxValueBytes } from '../validate.ts';
import { Grants } from './grant.ts';
import { keepAlive, type KeepAliveEnd, type LeaseGone } from './keep-alive.ts';
import type { Lease } from './lease.ts';
import { OwnKey } from './own-key.ts';
import { Pauses } from './pauses.ts';
import type { RegistrationState } from './state.ts';

/** What to register. */
export interface EndpointOptions extends Partial<Omit<Endpoint, 'origin' | 'state' | 'overridden'>> {
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

/** An endpoint in etcd, for as long as it is kept there; what `register` resolves with. */
export interface Registration extends AsyncDisposable {
  readonly service: string;
  readonly id: string;
  /** The endpoint as it should stand in etcd. */
  readonly endpoint: Endpoint;
  readonly state: RegistrationState;
  /**
   * Changes what is registered. Resolves once it is in etcd. Rejects with `EtcdError` or `NotRegisteredError` when that cannot be
   * now; it is then written as soon as it can. Throws `InvalidOptionError`.
   */
  update(change: EndpointChange): Promise<void>;
  /** Asks consumers to send nothing new; as {@link update}. The process should go on serving until they have heard of it. */
  drain(): Promise<void>;
  /** Takes the endpoint out of etcd and stops. Never rejects: what etcd does not hear of ends with the lease. */
  close(): Promise<void>;
}

/** How long taking the key out may take, for each of two tries, and tidying up the lease after that. */
const removeTimeoutMs = 1000;
const revokeTimeoutMs = 500;

class EtcdRegistration implements Registration {
  readonly service: string;
  readonly id: string;
  readonly #client: EtcdClient;
  readonly #codec: Codec;
  readonly #key: OwnKey;
  readonly #grants: Grants;
  readonly #pauses: Pauses;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  #endpoint: Endpoint;
  #state: RegistrationState = { kind: 'registering', attempt: 1, error: undefined, lost: undefined };
  /** Granted, and not known to be gone. */
  #lease: Lease | undefined;
  /** Tells whoever holds the lease that it is gone. */
  #gone: () => void = nobodyToTell;
  /** Writes go one after the other, so that an older value cannot overtake a newer one. */
  #writing: Promise<void> = Promise.resolve();
  /** What is known to stand in etcd. */
  #written: { readonly lease: Lease; readonly endpoint: Endpoint } | undefined;
  #seenAt = -Infinity;
  #running: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: RegisterOptions) {
    const { codec = etcdNaming(), clock = systemClock, random = Math.random } = options;
    const etcd = checkEtcdOptions(options);
    this.service = checkServiceName(options.service);
    this.#endpoint = ownEndpoint(options, etcd.loopback);
    this.id = this.#endpoint.id;
    const ttlSeconds = checkNumber('ttlSeconds', options.ttlSeconds ?? 15, { min: 2, max: 86_400, integer: true });
    this.#clock = clock;
    this.#random = random;
    prefixOf(codec, this.service);
    checkSize(codec, this.service, this.#endpoint);
    this.#codec = codec;
    this.#client = new EtcdClient(etcd, clock, random);
    this.#key = new OwnKey(this.#client, this.service, this.id, codec);
    this.#grants = new Grants(this.#client, clock, ttlSeconds);
    this.#pauses = new Pauses(ttlSeconds * 1000, random);
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
    const endpoint = asOption(() => checkEndpoint({ ...this.#endpoint, ...change }, () => {}));
    checkSize(this.#codec, this.service, endpoint);
    this.#endpoint = endpoint;
    if (this.#lease === undefined) throw new NotRegisteredError(this.service, this.id);
    await this.#write(this.#lease);
  }

  drain(): Promise<void> {
    return this.update({ state: 'draining' });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#writing;
    await this.#giveUpLease();
    this.#client.close();
    this.#enter({ kind: 'closed' });
  }

  /** Takes the key out, and ends the lease. Never rejects. */
  async #giveUpLease(): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#lease = undefined;
    // Deleting is what takes us out: whoever attached a key of theirs to our lease can keep us from revoking it.
    const remove = (): Promise<unknown> => this.#key.remove(lease, { timeoutMs: removeTimeoutMs });
    await remove().catch(remove).catch(nobodyToTell);
    await this.#client
      .call('leaseRevoke', ({ leaseClient }, options) => leaseClient.leaseRevoke({ ID: lease.id }, options), {
        timeoutMs: revokeTimeoutMs,
      })
      .catch(nobodyToTell);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let attempt = 1;
    while (!signal.aborted) {
      const triedAt = this.#clock.now();
      try {
        const lease = await this.#obtain();
        await this.#write(lease);
        this.#first.resolve();
        const end = await this.#hold(lease);
        if (end.kind === 'closed') return;
        this.#lease = undefined;
        attempt = 1;
        this.#enter({ kind: 'registering', attempt, error: undefined, lost: end.cause });
        await sleep(this.#clock, this.#pauses.afterLoss(await this.#lostTogether(end)), signal);
      } catch (error) {
        if (signal.aborted) return;
        attempt += 1;
        await this.#failed(asError(error), attempt, this.#clock.now() - triedAt);
      }
    }
  }

  async #failed(error: Error, attempt: number, tookMs: number): Promise<void> {
    const taken = error instanceof IdTakenError;
    if (taken || isRefusal(error)) this.#first.reject(error);
    if (taken) {
      this.#enter({ kind: 'taken', error });
      await this.#giveUpLease();
    } else {
      if (isLeaseGone(error)) this.#lease = undefined;
      this.#enter({ kind: 'registering', attempt, error, lost: undefined });
    }
    await sleep(this.#clock, this.#pauses.afterFailure(error, tookMs), this.#closing.signal);
  }

  /**
   * How many leases were lost with ours, at most. Each with a key took the store to a revision of its own as it ended, so there cannot
   * be more of them than there were revisions since ours was known to live. A provider whose own path to etcd was lost thereby knows
   * that it was alone, which no error and no time tells it.
   */
  async #lostTogether(gone: LeaseGone): Promise<number> {
    if (gone.cause !== 'outage') return 1;
    if (gone.livedAt === undefined) return Infinity;
    try {
      // Not from the renewal, whose answer says where the store was when it came in: etcd holds it until the lease has ended, and
      // after a freeze all come in before any has.
      const revision = await this.#key.storeRevision({ signal: this.#closing.signal });
      return revision < gone.livedAt ? Infinity : Number(revision - gone.livedAt);
    } catch {
      // An etcd that cannot say may have all of them coming.
      return Infinity;
    }
  }

  /** The lease that we have, if a write under it may still succeed, or a new one. */
  async #obtain(): Promise<Lease> {
    if (this.#lease === undefined || this.#clock.now() >= this.#lease.grantedAt + this.#lease.ttlMs) {
      this.#lease = await this.#grants.next({ signal: this.#closing.signal });
    }
    return this.#lease;
  }

  /** Writes the endpoint as it is by then, if it does not stand there already. */
  #write(lease: Lease): Promise<void> {
    const write = this.#writing.then(() => this.#writeNow(lease));
    this.#writing = write.catch(nobodyToTell);
    return write;
  }

  async #writeNow(lease: Lease): Promise<void> {
    const endpoint = this.#endpoint;
    if (this.#written?.lease === lease && this.#written.endpoint === endpoint) return;
    try {
      const revision = await this.#key.ensure(lease, endpoint, { signal: this.#closing.signal });
      this.#written = { lease, endpoint };
      this.#seenAt = this.#clock.now();
      this.#pauses.reset();
      this.#enterWritten(lease, Number(revision));
    } catch (error) {
      if (isLeaseGone(error) && this.#lease === lease) this.#gone();
      throw error;
    }
  }

  /** Keeps the lease, and the key under it, until one of them is lost. Rejects with `IdTakenError`. */
  async #hold(lease: Lease): Promise<KeepAliveEnd> {
    const broken = Promise.withResolvers<KeepAliveEnd>();
    const over = new AbortController();
    this.#gone = () => broken.resolve({ kind: 'gone', cause: 'revoked' });
    const end = keepAlive(lease, {
      client: this.#client,
      clock: this.#clock,
      random: this.#random,
      signal: AbortSignal.any([this.#closing.signal, over.signal]),
      onRenewed: () => {
        this.#renewed();
        // A failure to look or to write is either in the way of renewals, too, or tried again after the next one.
        this.#check(lease).catch((error) => error instanceof IdTakenError && broken.reject(error));
      },
      onUncertain: (error) => this.#unsure(error),
    });
    try {
      return await Promise.race([end, broken.promise]);
    } finally {
      this.#gone = nobodyToTell;
      over.abort();
    }
  }

  /** Writes what has not been written yet, and looks once in a TTL whether what was written is still there. */
  async #check(lease: Lease): Promise<void> {
    const endpoint = this.#endpoint;
    if (this.#written?.endpoint === endpoint) {
      if (this.#clock.now() - this.#seenAt < lease.ttlMs) return;
      this.#seenAt = this.#clock.now();
      if (await this.#key.isThere(lease, endpoint, { signal: this.#closing.signal })) return;
      this.#written = undefined;
    }
    await this.#write(lease);
  }

  #renewed(): void {
    if (this.#state.kind !== 'uncertain') return;
    const { leaseId, revision } = this.#state;
    this.#enter({ kind: 'registered', leaseId, revision });
  }

  #unsure(error: Error | undefined): void {
    if (this.#state.kind !== 'registered') return;
    const { leaseId, revision } = this.#state;
    this.#enter({ kind: 'uncertain', leaseId, revision, error });
  }

  /** That it could be written shows that the lease lives, but not for how long. */
  #enterWritten({ id: leaseId }: Lease, revision: number): void {
    const { state } = this;
    if (state.kind === 'uncertain' && state.leaseId === leaseId) this.#enter({ ...state, revision });
    else this.#enter({ kind: 'registered', leaseId, revision });
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

/** Consumers skip a value that is too large, so it must not get there; in neither state, since an endpoint must always be able to drain. */
function checkSize(codec: Codec, service: string, endpoint: Endpoint): void {
  for (const state of ['serving', 'draining'] as const) {
    const bytes = Buffer.byteLength(codec.encode(service, { ...endpoint, state }) ?? '');
    if (bytes > maxValueBytes) {
      throw new InvalidOptionError('endpoint', `at most ${maxValueBytes} bytes in etcd, metadata and all`, bytes);
    }
  }
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

function isLeaseGone(error: unknown): boolean {
  return error instanceof EtcdError && error.code === 'ERR_ETCD_LEASE_NOT_FOUND';
}

/** The lease ends whatever is left undone. */
function nobodyToTell(): void {}
