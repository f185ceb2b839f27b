/**
 * The set of a service's endpoints, kept equal to what etcd holds.
 *
 * Epoch follows epoch for as long as it is open. Between them, and for as long as etcd is away, the last snapshot stays: a
 * registry that cannot be read says nothing about its providers.
 */
import { checkNumber, InvalidOptionError, type Snapshot } from '@lb/core';

import { addressCheck, type AddressPolicy } from './address-policy.ts';
import { Backoff } from './backoff.ts';
import { channels, printable } from './channels.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Codec } from './codec.ts';
import { etcdNaming } from './codecs/etcd-naming.ts';
import { type EpochEnd, type EpochEndReason, runEpoch } from './epoch.ts';
import { EtcdClient } from './etcd-client.ts';
import { type CheckedEtcdOptions, checkEtcdOptions, type EtcdOptions } from './etcd-options.ts';
import { AlreadyConnectedError, ClosedError, type InvalidValueError, NotConnectedError } from './errors.ts';
import { Latest } from './latest.ts';
import { isServiceName, readEndpoint } from './validate.ts';
import { View } from './view.ts';

export interface DiscoverOptions extends EtcdOptions {
  /** Name of the service: a letter or digit, then letters, digits, dots, dashes and underscores; 128 in all. */
  readonly service: string;
  /** Layout of keys and values. Defaults to `etcdNaming()`, which etcd's own clients read. */
  readonly codec?: Codec | undefined;
  /** Which addresses a registration may name. */
  readonly addresses?: AddressPolicy | undefined;
  /** Most endpoints to take; further ones are skipped and published. Defaults to 10 000. */
  readonly maxEndpoints?: number | undefined;
  /**
   * At most one snapshot in this many milliseconds. A mass expiry comes as one event a lease, a thousand a second. Defaults to
   * 50; the first change after a pause is never held back.
   */
  readonly coalesceMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Source of chance for back-off and intervals. */
  readonly random?: (() => number) | undefined;
}

/** What is known of a discovery's own state. */
export interface DiscoveryStatus {
  readonly service: string;
  /** Revision of the current snapshot; -1 before the first. */
  readonly revision: number;
  readonly endpoints: number;
  /** Whether the snapshot may be out of date, and why. */
  readonly stale: false | EpochEndReason | 'connecting';
  /** Milliseconds since etcd last said anything; infinite before it has. */
  readonly ageMs: number;
  /** Epochs that ended, by reason. */
  readonly epochs: Readonly<Partial<Record<EpochEndReason, number>>>;
  /** Values skipped so far. */
  readonly invalid: number;
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

export class EtcdDiscovery implements AsyncIterable<Snapshot>, AsyncDisposable {
  readonly service: string;
  readonly #etcd: CheckedEtcdOptions;
  readonly #codec: Codec;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #coalesceMs: number;
  readonly #view: View;
  readonly #latest = new Latest<Snapshot>();
  readonly #closing = new AbortController();
  readonly #epochs: Partial<Record<EpochEndReason, number>> = {};
  #client: EtcdClient | undefined;
  #running: Promise<void> | undefined;
  #stale: DiscoveryStatus['stale'] = 'connecting';
  #staleSince: number;
  #heardAt = -Infinity;
  #invalid = 0;
  #publishing = false;
  #publishedAt = -Infinity;

  constructor(options: DiscoverOptions) {
    if (!isServiceName(options.service)) {
      throw new InvalidOptionError(
        'service',
        'a name of letters, digits, dots, dashes and underscores',
        options.service,
      );
    }
    this.service = options.service;
    this.#etcd = checkEtcdOptions(options);
    this.#codec = options.codec ?? etcdNaming();
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#coalesceMs = checkNumber('coalesceMs', options.coalesceMs ?? 50, { min: 0, max: 60_000 });
    this.#staleSince = this.#clock.now();
    const prefix = this.#prefix();
    const check = addressCheck(options.addresses ?? {}, this.#etcd.loopback);
    this.#view = new View({
      read: (key, value) => readEndpoint(this.#codec, this.service, key.slice(prefix.length), value, check),
      onInvalid: (key, error) => this.#skipped(key, error),
      maxEndpoints: checkNumber('maxEndpoints', options.maxEndpoints ?? 10_000, { min: 1, integer: true }),
    });
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
      service: this.service,
      revision: value?.revision ?? -1,
      endpoints: value?.endpoints.length ?? 0,
      stale: this.#stale,
      ageMs: this.#clock.now() - this.#heardAt,
      epochs: { ...this.#epochs },
      invalid: this.#invalid,
      host: this.#client?.host ?? this.#etcd.hosts[0] ?? '',
    };
  }

  /**
   * Starts, and resolves with the first snapshot. While etcd is away it keeps trying until `signal` aborts; then it rejects with
   * the signal's reason, and goes on trying. Throws `AlreadyConnectedError` the second time, and `ClosedError` after `close()`.
   */
  async connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Snapshot> {
    if (this.#running !== undefined) throw new AlreadyConnectedError(this.service);
    const first = this.#snapshots().next();
    const { signal } = options;
    const result = signal === undefined ? await first : await Promise.race([first, rejection(signal)]);
    if (result.done === true) throw new ClosedError(`Discovery of "${this.service}"`);
    return result.value;
  }

  /**
   * The newest snapshot, then each newer one; a reader that is slow skips what it missed. May be iterated more than once. Ends
   * on `close()`.
   */
  [Symbol.asyncIterator](): AsyncIterator<Snapshot, undefined> {
    return this.#snapshots();
  }

  /** Stops watching. Iterations end; the last snapshot stays readable. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    this.#latest.end();
    this.#client?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #snapshots(): AsyncIterator<Snapshot, undefined> {
    if (!this.#closing.signal.aborted) this.#running ??= this.#run();
    return this.#latest[Symbol.asyncIterator]();
  }

  async #run(): Promise<void> {
    const client = (this.#client = new EtcdClient(this.#etcd, this.#random));
    const backoff = new Backoff(reconnect, this.#random);
    let attempt = 0;
    while (!this.#closing.signal.aborted) {
      let listedAt = Infinity;
      const end = await runEpoch({
        ...timings,
        client,
        prefix: this.#prefix(),
        view: this.#view,
        clock: this.#clock,
        random: this.#random,
        signal: this.#closing.signal,
        onHeard: () => (this.#heardAt = this.#clock.now()),
        onListed: () => {
          listedAt = this.#clock.now();
          attempt = 0;
          this.#recovered();
          this.#publish();
        },
        onEvents: () => void this.#publishSoon(),
      });
      if (end.reason === 'closed') return;
      attempt += 1;
      this.#lost(end, attempt);
      // An epoch that could be listed but not watched must not be tried again at full speed.
      if (this.#clock.now() - listedAt >= reconnect.capMs) backoff.reset();
      await this.#clock.sleep(backoff.next(), this.#closing.signal);
    }
  }

  #lost({ reason, error }: EpochEnd, attempt: number): void {
    this.#epochs[reason] = (this.#epochs[reason] ?? 0) + 1;
    if (this.#stale === false) this.#staleSince = this.#clock.now();
    this.#stale = reason;
    channels.lost.publish({ service: this.service, reason, error, attempt });
  }

  #recovered(): void {
    if (this.#stale === false) return;
    this.#stale = false;
    channels.recovered.publish({ service: this.service, afterMs: this.#clock.now() - this.#staleSince });
  }

  #skipped(key: string, error: InvalidValueError): void {
    this.#invalid += 1;
    channels.invalid.publish({ service: this.service, key: printable(key), error });
  }

  async #publishSoon(): Promise<void> {
    if (this.#publishing) return;
    this.#publishing = true;
    const wait = this.#publishedAt + this.#coalesceMs - this.#clock.now();
    if (wait > 0) await this.#clock.sleep(wait, this.#closing.signal);
    this.#publishing = false;
    this.#publish();
  }

  #publish(): void {
    const snapshot = this.#view.snapshot();
    if (snapshot === this.#latest.value) return;
    this.#publishedAt = this.#clock.now();
    this.#latest.set(snapshot);
    channels.update.publish({ service: this.service, snapshot });
  }

  #prefix(): string {
    return this.#codec.prefix(this.service);
  }
}

/** At most about one try a second while etcd is away: half of the cap on average. */
const reconnect = { baseMs: 100, capMs: 2000 };

/**
 * A hung stream is left after 5 s at the latest. Comparing makes etcd read the whole prefix, 24 ms at 10 000 keys, so it is
 * done twice a minute; with its second looks it bounds every silent failure at 38 s.
 */
const timings = { probeEveryMs: 3000, probeTimeoutMs: 2000, compareEveryMs: 30_000 };

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
