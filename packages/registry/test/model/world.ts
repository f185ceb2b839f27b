/**
 * One run of the model: an etcd with an observer at it, and a discovery and a registration that have to keep up with it.
 *
 * What must hold, after every step (numbered as in the README):
 * I1 nothing is thrown at anybody; I2 each snapshot is what was there at its revision, in one world or another; I3 revisions do not go
 * back within a world; I4 there is no empty snapshot unless there was nothing; I5 no address is given out that is never allowed.
 * And whenever faults end: I6 the view equals the store, and the registration stands in it, within bounds; I7 one watch, one lease, one
 * set of timers are alive. And at the end: I8 nothing is. I9 Whoever is cut off for longer than it takes to find out says so.
 */
import { seededRandom, type Snapshot } from '@lb/core';
import { ManualClock } from '@lb/testkit';
import { Etcd3, type IPutResponse } from 'etcd3';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  channels,
  discover,
  type EtcdDiscovery,
  openOverrides,
  type OverrideChange,
  register,
  type Registration,
} from '../../src/index.ts';
import type { Site } from './site.ts';
import { Truth, type Value } from './truth.ts';

/** How long a view may take to be right once nothing fails any more: the longest wait between two attempts, and a second for them. */
const convergeMs = 3000;
/** As {@link convergeMs}, after etcd has refused somebody. */
const convergeAfterRefusalMs = 16_000;
const ttlSeconds = 5;
/** A TTL to find out, and one to come back with everybody. */
const registeredMs = 2 * ttlSeconds * 1000 + 2000;

/** How long a discovery may take to notice that it hears nothing: a probe, its answer, and a second. */
const noticeMs = 2900 + 2000 + 1000;

/** Far more than sockets take to close, on the busiest machine. */
const socketsCloseMs = 20_000;

/** Timers of a discovery that watches endpoints and overrides, and of a registration that is registered. */
const quietTimers = 3 + 3 + 2;

/** What is known of how etcd cannot be followed. */
export interface CutOff {
  /** How late it may be, in milliseconds, that what etcd says arrives; `undefined` when nothing does. */
  readonly lateMs: number | undefined;
}

export interface WorldOptions {
  readonly site: Site;
  readonly seed: number;
  /** Tells runs on one etcd apart. */
  readonly name: string;
}

export class World {
  readonly truth = new Truth();
  readonly site: Site;
  readonly service: string;
  readonly #provider: string;
  readonly #random: () => number;
  readonly #seen: Snapshot[] = [];
  readonly #leases = new Map<string, string>();
  readonly #overrides = new Map<string, OverrideChange>();
  #unsubscribe = (): void => {};
  #discovery: EtcdDiscovery | undefined;
  #registration: Registration | undefined;
  #admin: Etcd3 | undefined;
  /** The worlds that the last snapshot may have been true in, and its revision. */
  #last = { worlds: [0], revision: 0 };
  #cutOffSince: number | undefined;
  /** When etcd last had something to say. */
  #saidAt = -Infinity;
  /** When the last of that may have been heard, by whoever is cut off since. */
  #heardAt = -Infinity;
  #refused = false;
  /** How long the slowest convergence took, in milliseconds. */
  slowestMs = 0;

  constructor({ site, seed, name }: WorldOptions) {
    this.site = site;
    this.service = name;
    this.#provider = `${name}-provider`;
    this.#random = seededRandom(seed);
  }

  /** Whether the view says that it may be out of date, and why. */
  get stale(): EtcdDiscovery['status']['stale'] | undefined {
    return this.#discovery?.status.stale;
  }

  async open(): Promise<void> {
    this.#unsubscribe = channels.update.subscribe(({ service, snapshot }) => {
      if (service === this.service) this.#seen.push(snapshot);
    });
    this.#startDiscovery();
    const registering = register({
      hosts: this.site.proxy.hosts,
      service: this.#provider,
      endpoint: { id: 'self', origin: 'http://127.0.0.1:9999', weight: 1 },
      ttlSeconds,
      clock: this.site.clock,
      random: this.#random,
    });
    void registering.catch(() => {});
    let done = false;
    void registering.finally(() => (done = true));
    await this.site.until(() => done, 5000);
    this.#registration = await registering;
    await this.converge();
  }

  /** Another discovery takes the place of the one there is. */
  async reopen(): Promise<void> {
    await this.#discovery?.close();
    await this.check();
    this.#last = { worlds: [this.truth.world], revision: 0 };
    this.#startDiscovery();
  }

  // What happens at the store.

  async put(id: string, value: Value, leased = false): Promise<void> {
    const admin = this.#operator();
    let lease: string | undefined;
    if (leased) {
      ({ ID: lease } = await admin.leaseClient.leaseGrant({ TTL: 86_400 }));
      this.#leases.set(id, lease);
    }
    const put = admin.put(this.#key(id)).value(value.text);
    const { header }: IPutResponse = await (lease === undefined ? put : put.lease(lease)).exec();
    this.truth.put(id, value, Number(header.revision));
    this.#saidAt = this.#now();
  }

  async remove(id: string): Promise<void> {
    const { header, deleted } = await this.#operator().delete().key(this.#key(id)).exec();
    if (deleted === '0') return;
    this.truth.remove(id, Number(header.revision));
    this.#saidAt = this.#now();
  }

  /** Ends the lease of a key that was put under one. */
  async expire(id: string): Promise<void> {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#leases.delete(id);
    const { header } = await this.#operator().leaseClient.leaseRevoke({ ID: lease });
    const gone = (await this.#operator().get(this.#key(id)).exec()).kvs.length === 0;
    if (!gone || !this.truth.state.has(id)) return;
    this.truth.remove(id, Number(header.revision));
    this.#saidAt = this.#now();
  }

  async compact(): Promise<void> {
    const { header } = await this.#operator().kv.range({ key: Buffer.from('x') });
    await this.#operator()
      .kv.compact({ revision: header.revision })
      .catch(() => {});
  }

  async setOverride(target: string, change: OverrideChange): Promise<void> {
    await using overrides = openOverrides({ hosts: this.site.directHosts, service: this.service });
    await overrides.set(target, change, 'model');
    this.#overrides.set(target, { ...this.#overrides.get(target), ...change });
  }

  async clearOverrides(): Promise<void> {
    await using overrides = openOverrides({ hosts: this.site.directHosts, service: this.service });
    for (const target of this.#overrides.keys()) await overrides.clear(target);
    this.#overrides.clear();
  }

  async wipe(): Promise<void> {
    await this.site.wipe();
    this.#leaveAdmin();
    this.truth.wipe();
    this.#leases.clear();
    this.#overrides.clear();
  }

  /** Back by some of what has happened. */
  async rewind(share: number): Promise<void> {
    const compactedOrNot = this.truth.revision;
    const revision = Math.max(1, Math.floor(compactedOrNot * share));
    try {
      this.site.rewind?.(revision);
    } catch (error) {
      // What is compacted cannot be restored.
      if (!(error instanceof RangeError)) throw error;
      return;
    }
    this.#leaveAdmin();
    this.truth.rewind(revision);
    this.#leases.clear();
    await this.#readOverrides();
  }

  async restart(): Promise<void> {
    await this.site.restart();
    this.#leaveAdmin();
  }

  denyWatch(on: boolean): void {
    this.#refused ||= on;
    this.site.denyWatch?.(on);
  }

  // What happens to the registration.

  changeWeight(weight: number): void {
    // That etcd is away when it is asked for is no failure: it has to be written later.
    this.#registration?.update({ weight }).catch(() => {});
  }

  async revokeLease(): Promise<void> {
    const state = this.#registration?.state;
    if (state?.kind !== 'registered') return;
    await this.#operator()
      .leaseClient.leaseRevoke({ ID: state.leaseId })
      .catch(() => {});
  }

  async deleteOwnKey(): Promise<void> {
    await this.#operator().delete().key(`lb/${this.#provider}/self`).exec();
  }

  // What has to hold.

  /** Checks what has been said since the last time. `cutOff` is there when etcd cannot be followed. */
  async check(cutOff?: CutOff): Promise<void> {
    await this.site.settle();
    for (const snapshot of this.#seen.splice(0)) this.#checkSnapshot(snapshot);
    this.#checkHonesty(cutOff);
  }

  /** Ends all faults, and waits until everything is as it should be. */
  async converge(): Promise<void> {
    const limit = this.#refused ? convergeAfterRefusalMs : convergeMs;
    this.#refused = false;
    const took = await this.site.until(() => this.#isRight() === undefined, limit);
    if (took === undefined) throw new Error(`I6: not right ${limit} ms after the last fault: ${this.#isRight()}`);
    this.slowestMs = Math.max(this.slowestMs, took);
    // A lease may still end of what has been: the registration is right once all of this holds at one moment.
    const registered = await this.site.until(async () => (await this.#isUnsettled()) === undefined, registeredMs);
    if (registered === undefined) throw new Error(await this.#isUnsettled());
    await this.check();
  }

  async close(): Promise<void> {
    let closed = false;
    const close = async (): Promise<void> => {
      await Promise.all([this.#registration, this.#discovery].map(async (one) => one?.close()));
      closed = true;
    };
    void close();
    if ((await this.site.until(() => closed, 5000)) === undefined) throw new Error('I8: close() does not come back');
    await this.check();
    this.#unsubscribe();
    await this.site.settle();
    const { clock, proxy } = this.site;
    const timers = clock instanceof ManualClock ? clock.pending : 0;
    if (timers !== 0) throw new Error(`I8: ${timers} timers are alive after close()`);
    // Sockets take the machine's time to close, not ours.
    for (const start = performance.now(); proxy.connections > 0 && performance.now() - start < socketsCloseMs;) {
      await sleep(5);
    }
    if (proxy.connections > 0) throw new Error(`I8: ${proxy.connections} connections are alive after close()`);
    const { kvs } = await this.#operator().getAll().prefix(`lb/${this.#provider}/`).exec();
    if (kvs.length > 0) throw new Error('I8: the registration is there after close()');
    this.#leaveAdmin();
  }

  #startDiscovery(): void {
    this.#discovery = discover({
      hosts: this.site.proxy.hosts,
      service: this.service,
      maxEndpoints: 100,
      clock: this.site.clock,
      random: this.#random,
    });
    // The view is what counts; whoever reads it is asked for nothing.
    void this.#discovery.connect().catch(() => {});
  }

  #checkSnapshot(snapshot: Snapshot): void {
    if (!Object.isFrozen(snapshot) || !Object.isFrozen(snapshot.endpoints)) throw new Error('I2: it can be changed');
    for (const { origin } of snapshot.endpoints) {
      if (isIP(new URL(origin).hostname) !== 4 || !origin.startsWith('http://10.')) {
        throw new Error(`I5: ${origin} is given out`);
      }
    }
    const matching = this.truth.worldsOf(snapshot);
    if (matching.length === 0) {
      const rule = snapshot.endpoints.length === 0 ? 'I4' : 'I2';
      throw new Error(`${rule}: at revision ${snapshot.revision}: ${this.truth.differsThen(snapshot)}`);
    }
    // A snapshot may be true in more worlds than one; what counts is that they can be passed through in order.
    const { worlds, revision } = this.#last;
    const follows = (world: number): boolean =>
      worlds.some((before) => before < world || (before === world && revision <= snapshot.revision));
    this.#last = { worlds: matching.filter(follows), revision: snapshot.revision };
    if (this.#last.worlds.length === 0) throw new Error(`I3: ${snapshot.revision} comes after ${revision}`);
  }

  /**
   * I9, within the time that it takes to find out, and a second. What was on its way is a sign of life when it comes, and so is what
   * comes from an etcd that nothing reaches; a lease is as certain as the renewal that etcd has answered, so nothing prolongs that.
   */
  #checkHonesty(cutOff: CutOff | undefined): void {
    if (cutOff === undefined) {
      this.#cutOffSince = undefined;
      return;
    }
    const now = this.#now();
    if (this.#cutOffSince === undefined) this.#cutOffSince = this.#heardAt = now;
    const { lateMs } = cutOff;
    if (lateMs !== undefined) {
      this.#heardAt = Math.max(this.#heardAt, Math.max(this.#cutOffSince, this.#saidAt) + lateMs);
    }
    if (now - this.#heardAt > noticeMs && this.stale === false) {
      throw new Error(`I9: the view is not called stale ${now - this.#heardAt} ms after the last word of etcd`);
    }
    const cutOffMs = now - this.#cutOffSince;
    if (cutOffMs > ttlSeconds * 1000 + 1000 && this.#registration?.state.kind === 'registered') {
      throw new Error(`I9: the registration is called certain after ${cutOffMs} ms without etcd`);
    }
  }

  #now(): number {
    return this.site.clock?.now() ?? performance.now();
  }

  /** What is wrong with the view; `undefined` when it is right. */
  #isRight(): string | undefined {
    const { status } = this.#discovery!;
    if (status.stale !== false) return `it is stale (${status.stale})`;
    if (status.overrides?.stale !== false) return `overrides are stale (${status.overrides?.stale})`;
    const { current } = this.#discovery!;
    return this.truth.differsNow(current) ?? this.#overridesDiffer(current);
  }

  #overridesDiffer({ endpoints }: Snapshot): string | undefined {
    for (const endpoint of endpoints) {
      const { id, overridden } = endpoint;
      const wanted = { ...this.#overrides.get('*'), ...this.#overrides.get(id) };
      for (const field of ['weight', 'state', 'maxConcurrency'] as const) {
        const isSet = overridden?.[field] !== undefined;
        if (isSet !== (wanted[field] !== undefined)) return `${field} of ${id} is ${isSet ? '' : 'not '}overridden`;
        if (isSet && endpoint[field] !== wanted[field]) return `${field} of ${id} is not as it was set`;
      }
    }
    return undefined;
  }

  /** What is wrong with the registration, or more than it should be; `undefined` when nothing is. */
  async #isUnsettled(): Promise<string | undefined> {
    const { state, endpoint } = this.#registration!;
    if (state.kind !== 'registered') return `I6: the registration is ${state.kind}`;
    const { kvs } = await this.#operator().getAll().prefix(`lb/${this.#provider}/`).exec();
    const [found] = kvs;
    if (kvs.length !== 1 || found?.lease !== state.leaseId) return 'I6: the registration is not in etcd';
    if (JSON.parse(found.value.toString()).lb.weight !== endpoint.weight)
      return 'I6: it is registered as it was before';
    return this.#isTooMuch();
  }

  /**
   * I7. A connection that one call has found wanting may go on carrying a stream that is well, beside the one that took its place: so
   * there are one or two for each of the two clients. A renewal makes its own when it is due.
   */
  async #isTooMuch(): Promise<string | undefined> {
    const { clock, proxy } = this.site;
    if (proxy.connections < 2 || proxy.connections > 4) return `I7: ${proxy.connections} connections are alive`;
    if (clock instanceof ManualClock && clock.pending !== quietTimers) return `I7: ${clock.pending} timers are alive`;
    const { leases } = await this.#operator().leaseClient.leaseLeases();
    const known = new Set(this.#leases.values());
    const others = leases.filter(({ ID: id }) => !known.has(id));
    const owned = await Promise.all(others.map(async ({ ID: id }) => this.#ownsKeyOf(id)));
    const count = owned.filter(Boolean).length;
    return count === 1 ? undefined : `I7: the registration has ${count} leases`;
  }

  async #ownsKeyOf(id: string): Promise<boolean> {
    const { keys } = await this.#operator().leaseClient.leaseTimeToLive({ ID: id, keys: true });
    return keys.some((key) => key.toString().startsWith(`lb/${this.#provider}/`));
  }

  /** After the store went back, operators' wishes are what they were then. */
  async #readOverrides(): Promise<void> {
    await using overrides = openOverrides({ hosts: this.site.directHosts, service: this.service });
    this.#overrides.clear();
    for (const [target, { weight, state, maxConcurrency }] of await overrides.list()) {
      this.#overrides.set(target, {
        ...(weight && { weight: weight.to }),
        ...(state && { state: state.to }),
        ...(maxConcurrency && { maxConcurrency: maxConcurrency.to }),
      });
    }
  }

  #key(id: string): string {
    return `lb/${this.service}/${id}`;
  }

  #operator(): Etcd3 {
    this.#admin ??= new Etcd3({ hosts: this.site.directHosts });
    return this.#admin;
  }

  /** A client that has seen its connection break may hold that against the next call. */
  #leaveAdmin(): void {
    this.#admin?.close();
    this.#admin = undefined;
  }
}
