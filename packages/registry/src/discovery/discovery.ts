/**
 * The set of a service's endpoints, kept equal to what etcd holds, with what operators have set for them.
 */
import { checkNumber, type Endpoint, InvalidOptionError, type Snapshot } from '@lb/core';

import { addressCheck, type AddressPolicy } from '../address-policy.ts';
import { channels, printable, type Subject } from '../channels.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Codec, prefixOf } from '../codecs/codec.ts';
import { etcdNaming } from '../codecs/etcd-naming.ts';
import { EtcdClient } from '../etcd/etcd-client.ts';
import { checkEtcdOptions, type EtcdOptions } from '../etcd/etcd-options.ts';
import { AlreadyConnectedError, ClosedError, type InvalidValueError, NotConnectedError } from '../errors.ts';
import type { Override } from '../overrides/override.ts';
import { OverrideKeys, type OverrideKeysOptions } from '../overrides/override-keys.ts';
import { checkEndpoint, checkServiceName, readEndpoint } from '../validate.ts';
import { EndpointSet } from './endpoint-set.ts';
import { Follower, type FollowStatus } from './follower.ts';
import { Latest } from './latest.ts';
import { SnapshotFile } from './snapshot-file.ts';
import { type Followed, View } from './view.ts';

export interface DiscoverOptions extends EtcdOptions {
  /** Name of the service: a letter or digit, then letters, digits, dots, dashes and underscores; 128 in all. */
  readonly service: string;
  /** Layout of keys and values. Defaults to `etcdNaming()`, which etcd's own clients read. */
  readonly codec?: Codec | undefined;
  /** Which addresses a registration may name. */
  readonly addresses?: AddressPolicy | undefined;
  /** Where operators set weights, draining and limits; `false` to take no notice of them. Defaults to `lb-overrides/<service>/`. */
  readonly overrides?: OverrideKeysOptions | false | undefined;
  /** Most endpoints to take; those that are known keep their places, and further ones are skipped and published. Defaults to 10 000. */
  readonly maxEndpoints?: number | undefined;
  /**
   * At most one snapshot in this many milliseconds, or in a fifth of it when an endpoint begins to drain. A mass expiry comes as one
   * event a lease, a thousand a second. Defaults to 50; the first change after a pause is never held back.
   */
  readonly coalesceMs?: number | undefined;
  /**
   * A file, by its absolute path, that keeps the last snapshot. A process that starts while etcd is away begins with it, marked as
   * `unconfirmed`. Each process needs its own. Defaults to none.
   */
  readonly snapshotFile?: string | undefined;
  readonly clock?: Clock | undefined;
  /** Source of chance for back-off and intervals. */
  readonly random?: (() => number) | undefined;
}

/** What is known of a discovery's own state: of how its endpoints are followed, and more. */
export interface DiscoveryStatus extends FollowStatus {
  readonly service: string;
  /** Revision of the current snapshot; -1 before the first. */
  readonly revision: number;
  /** In the current snapshot. */
  readonly endpoints: number;
  /** Whether the current snapshot comes from the snapshot file, and nobody vouches for it. */
  readonly unconfirmed: boolean;
  /** Values skipped so far. */
  readonly invalid: number;
  /** How operators' overrides are followed; `undefined` when they are not. */
  readonly overrides: FollowStatus | undefined;
  /** The etcd member in use. */
  readonly host: string;
}

/**
 * Finds the endpoints of a service in etcd and keeps them. Nothing happens until it is iterated or `connect()`ed. Throws
 * `InvalidOptionError`.
 */
export function discover(options: DiscoverOptions): EtcdDiscovery {
  return new EtcdDiscovery(options);
}

/** Most bytes of values to take for one service. */
const maxBytes = 16 * 1024 * 1024;

/** The endpoints of one service in etcd, as snapshots that follow each other; what `discover` returns. */
export class EtcdDiscovery implements AsyncIterable<Snapshot>, AsyncDisposable {
  readonly service: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #client: EtcdClient;
  readonly #coalesceMs: number;
  readonly #set = new EndpointSet();
  readonly #view: View<Endpoint>;
  readonly #endpoints: Follower;
  readonly #overrides: Follower | undefined;
  readonly #file: SnapshotFile | undefined;
  readonly #latest = new Latest<Snapshot>();
  readonly #closing = new AbortController();
  #running: Promise<unknown> | undefined;
  #closed: Promise<void> | undefined;
  #invalid = 0;
  /** Whether the next snapshot differs from the last, and whether somebody waits for it. */
  #changed = false;
  #urgent = false;
  #overridesTried = false;
  #publishedAt = -Infinity;
  #publication: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(options: DiscoverOptions) {
    const { codec = etcdNaming(), clock = systemClock, random = Math.random } = options;
    const etcd = checkEtcdOptions(options);
    this.service = checkServiceName(options.service);
    this.#clock = clock;
    this.#random = random;
    this.#coalesceMs = checkNumber('coalesceMs', options.coalesceMs ?? 50, { min: 0, max: 60_000 });
    this.#client = new EtcdClient(etcd, clock, random);

    const maxEntries = checkNumber('maxEndpoints', options.maxEndpoints ?? 10_000, { min: 1, integer: true });
    const check = addressCheck(options.addresses ?? {}, etcd.loopback);
    const prefix = prefixOf(codec, this.service);
    this.#view = new View({
      prefix,
      read: (name, value) => readEndpoint(codec, this.service, name, value, check),
      onChange: (key, endpoint, createRevision) => this.#registered(key, endpoint, createRevision),
      onInvalid: (key, error) => this.#skipped('endpoints', key, error),
      maxEntries,
      maxBytes,
    });
    this.#endpoints = this.#follower('endpoints', prefix, this.#view);
    if (options.overrides !== false) {
      const keys = new OverrideKeys(this.service, options.overrides);
      if (prefix.startsWith(keys.prefix) || keys.prefix.startsWith(prefix)) {
        throw new InvalidOptionError(
          'overrides.root',
          'apart from where endpoints are registered',
          options.overrides?.root,
        );
      }
      const view = new View<Override>({
        prefix: keys.prefix,
        read: (name, value) => keys.read(name, value),
        onChange: (key, override) => this.#overridden(keys.targetOf(key), override),
        onInvalid: (key, error) => this.#skipped('overrides', key, error),
        maxEntries,
        maxBytes,
      });
      this.#overrides = this.#follower('overrides', keys.prefix, view);
    }
    if (options.snapshotFile !== undefined) {
      const { snapshotFile: path } = options;
      this.#file = new SnapshotFile({
        path,
        service: this.service,
        clock,
        check: (claim) => checkEndpoint(claim, check),
        onInvalid: (error) => this.#skipped('endpoints', path, error),
        onFailure: (error) => channels.file.publish({ service: this.service, path, kind: 'failed', error }),
      });
    }
  }

  /** The newest snapshot. Throws `NotConnectedError` before the first. */
  get current(): Snapshot {
    const { value } = this.#latest;
    if (value === undefined) throw new NotConnectedError(this.service);
    return value;
  }

  get status(): DiscoveryStatus {
    const { value } = this.#latest;
    return {
      ...this.#endpoints.status,
      service: this.service,
      revision: value?.revision ?? -1,
      endpoints: value?.endpoints.length ?? 0,
      unconfirmed: value?.unconfirmed === true,
      invalid: this.#invalid,
      overrides: this.#overrides?.status,
      host: this.#client.host,
    };
  }

  /**
   * Starts, and resolves with the first snapshot. While etcd is away it keeps trying until `signal` aborts; then it rejects with
   * the signal's reason, and goes on trying. Throws `AlreadyConnectedError` the second time, and `ClosedError` after `close()`.
   */
  async connect({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Snapshot> {
    if (this.#running !== undefined) throw new AlreadyConnectedError(this.service);
    const first = this.#snapshots().next();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal?.reason);
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    try {
      const result = await Promise.race([first, aborted.promise]);
      if (result.done === true) throw new ClosedError(`Discovery of "${this.service}"`);
      return result.value;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * The newest snapshot, then each newer one; a reader that is slow skips what it missed. May be iterated more than once. Ends
   * on `close()`.
   */
  [Symbol.asyncIterator](): AsyncIterator<Snapshot, undefined> {
    return this.#snapshots();
  }

  /** Stops watching. Iterations end; the last snapshot stays readable. */
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
    this.#publication?.cancel();
    this.#latest.end();
    await this.#running;
    await this.#file?.close();
    this.#client.close();
  }

  #snapshots(): AsyncIterator<Snapshot, undefined> {
    if (!this.#closing.signal.aborted) {
      this.#running ??= Promise.all([this.#endpoints.run(), this.#overrides?.run()]);
    }
    return this.#latest[Symbol.asyncIterator]();
  }

  #follower(subject: Subject, prefix: string, view: Followed): Follower {
    const { service } = this;
    return new Follower({
      client: this.#client,
      prefix,
      view,
      clock: this.#clock,
      random: this.#random,
      signal: this.#closing.signal,
      onListed: () => this.#listed(subject),
      onEvents: () => this.#publishSoon(),
      onLost: ({ reason, error }, attempt) => {
        channels.lost.publish({ service, subject, reason, error, attempt });
        this.#tried(subject);
      },
      onCurrent: (afterMs) => channels.recovered.publish({ service, subject, afterMs }),
      onRepaired: (keys) => channels.repaired.publish({ service, subject, keys }),
    });
  }

  #registered(key: string, endpoint: Endpoint | undefined, createRevision: bigint): void {
    const before = this.#set.set(key, endpoint, createRevision);
    this.#changed = true;
    this.#urgent ||= isDraining(before) !== isDraining(this.#set.get(key));
  }

  #overridden(target: string, override: Override | undefined): void {
    if (!this.#set.override(target, override)) return;
    this.#changed = true;
    this.#urgent ||= override?.state !== undefined;
  }

  #skipped(subject: Subject, key: string, error: InvalidValueError): void {
    this.#invalid += 1;
    channels.invalid.publish({ service: this.service, subject, key: printable(key), error });
  }

  /** A list is a new beginning, also when nothing has changed: its revision may be lower. */
  #listed(subject: Subject): void {
    if (subject === 'endpoints') this.#changed = true;
    else this.#overridesTried = true;
    this.#publish();
  }

  /** An attempt to follow has failed. */
  #tried(subject: Subject): void {
    if (subject === 'endpoints') {
      void this.#fallBack();
    } else if (!this.#overridesTried) {
      // Better without what operators want than without endpoints.
      this.#overridesTried = true;
      this.#publish();
    }
  }

  /** While etcd has not been read, the file is better than nothing. */
  async #fallBack(): Promise<void> {
    if (this.#file === undefined || this.#latest.value !== undefined) return;
    const snapshot = await this.#file.load();
    if (snapshot === undefined || this.#latest.value !== undefined || this.#closing.signal.aborted) return;
    channels.file.publish({ service: this.service, path: this.#file.path, kind: 'loaded', error: undefined });
    this.#give(snapshot);
  }

  #publishSoon(): void {
    if (!this.#changed) return;
    const at = this.#publishedAt + (this.#urgent ? this.#coalesceMs / 5 : this.#coalesceMs);
    if (this.#publication !== undefined && this.#publication.at <= at) return;
    this.#publication?.cancel();
    const wait = at - this.#clock.now();
    if (wait > 0) this.#publication = { at, cancel: this.#clock.schedule(() => this.#publish(), wait) };
    else this.#publish();
  }

  #publish(): void {
    this.#publication?.cancel();
    this.#publication = undefined;
    if (!this.#changed || !this.#endpoints.listed) return;
    // Endpoints that operators have taken out must not get a request in the moment before that is known.
    if (this.#overrides !== undefined && !this.#overridesTried) return;
    this.#changed = false;
    this.#urgent = false;
    this.#publishedAt = this.#clock.now();
    const snapshot = Object.freeze({
      revision: Number(this.#view.revision),
      endpoints: Object.freeze(this.#set.list()),
    });
    this.#file?.save(snapshot);
    this.#give(snapshot);
  }

  #give(snapshot: Snapshot): void {
    this.#latest.set(snapshot);
    channels.update.publish({ service: this.service, snapshot });
  }
}

function isDraining(endpoint: Endpoint | undefined): boolean {
  return endpoint?.state === 'draining';
}
