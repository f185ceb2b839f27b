/**
 * The services that this process sends requests to: for each a balancer, and what it follows. Some are named at the start and stay;
 * others are opened when somebody asks for them, in a bounded number, and closed when nobody has for a while.
 */
import {
  type Balancer,
  BalancerClosedError,
  type BalancerOptions,
  createBalancer,
  type DiscoverySource,
} from '@lb/balancer';

import { TooManyServicesError, UnknownServiceError } from '../errors.ts';

/** What a balancer is told beside what it is for. */
export type ServiceOptions = Omit<BalancerOptions, 'service' | 'discovery'>;

/** A service that is followed. */
export interface FollowedService {
  readonly balancer: Balancer;
  /** What it follows: with etcd, an `EtcdDiscovery`. */
  readonly discovery: DiscoverySource;
}

export interface ServicesOptions {
  readonly discovery: (service: string) => DiscoverySource;
  readonly options: (service: string) => ServiceOptions;
  /** Whether a service that was not named may be opened. */
  readonly allow: (service: string) => boolean;
  /** Is told of each balancer that is made; what it returns is called when that is closed. */
  readonly onOpen: (balancer: Balancer) => (() => void) | undefined;
  readonly maxOnDemand: number;
  readonly idleMs: number;
}

interface Opened extends FollowedService {
  /** `undefined` for one that stays. */
  usedAt: number | undefined;
  readonly onClose: (() => void) | undefined;
}

export class Services {
  readonly #options: ServicesOptions;
  readonly #opened = new Map<string, Opened>();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  /** Follows `service` for as long as this process runs. */
  add(service: string): void {
    this.#open(service, undefined);
  }

  /** Those that are followed now, by name. */
  get followed(): ReadonlyMap<string, FollowedService> {
    return this.#opened;
  }

  /**
   * The balancer of `service`, opened if need be. Throws `UnknownServiceError`, `TooManyServicesError`, and
   * `BalancerClosedError` at the end. O(1) for one that is open.
   */
  balancer(service: string, now: number): Balancer {
    const opened = this.#opened.get(service) ?? this.#openOnDemand(service, now);
    if (opened.usedAt !== undefined) opened.usedAt = now;
    return opened.balancer;
  }

  /** Closes what was opened on demand and not used for long. O(services). */
  closeIdle(now: number): void {
    for (const [service, { usedAt, balancer }] of this.#opened) {
      if (usedAt === undefined || now - usedAt < this.#options.idleMs || balancer.stats.inFlight > 0) continue;
      this.#forget(service);
    }
  }

  /** Lets requests finish, then closes every balancer, which closes what it follows last: until then it needs to know who is there. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const service of this.#opened.keys()) this.#forget(service);
    await Promise.all(this.#closing);
  }

  #openOnDemand(service: string, now: number): Opened {
    if (this.#closed) throw new BalancerClosedError(service);
    const { allow, maxOnDemand } = this.#options;
    if (!isServiceName(service) || !allow(service)) throw new UnknownServiceError(service);
    let count = 0;
    for (const { usedAt } of this.#opened.values()) if (usedAt !== undefined) count += 1;
    if (count >= maxOnDemand) {
      // What has no requests under way now, and had the last one longest ago, makes room.
      const idle = [...this.#opened]
        .filter(([, { usedAt, balancer }]) => usedAt !== undefined && balancer.stats.inFlight === 0)
        .toSorted(([, a], [, b]) => (a.usedAt ?? 0) - (b.usedAt ?? 0))[0];
      if (idle === undefined) throw new TooManyServicesError(service, maxOnDemand);
      this.#forget(idle[0]);
    }
    return this.#open(service, now);
  }

  #open(service: string, usedAt: number | undefined): Opened {
    const discovery = this.#options.discovery(service);
    const balancer = createBalancer({ ...this.#options.options(service), service, discovery });
    const opened = { balancer, discovery, usedAt, onClose: this.#options.onOpen(balancer) };
    this.#opened.set(service, opened);
    return opened;
  }

  #forget(service: string): void {
    const opened = this.#opened.get(service);
    if (opened === undefined) return;
    this.#opened.delete(service);
    const closing = opened.balancer.close().finally(() => {
      // Only now, since what is under way until then is still to be counted.
      opened.onClose?.();
      this.#closing.delete(closing);
    });
    this.#closing.add(closing);
  }
}

/** As `@lb/registry` has them. */
export function isServiceName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,127}$/.test(name);
}
