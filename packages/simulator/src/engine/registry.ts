/**
 * The registry: which endpoints are registered, and when clients hear of it.
 *
 * Every change makes a snapshot that all clients share, as objects too: with 1 000 clients of 10 000 servers, copies would be most of
 * the memory. While it is away changes are kept, and told in one snapshot when it is back.
 */
import type { Endpoint, Snapshot } from '@lb/core';

import type { RegistryModel, ServerModel } from '../model.ts';

export class Registry {
  readonly #lagMs: number;
  readonly #leaseTtlMs: number;
  readonly #outages: NonNullable<RegistryModel['outages']>;
  readonly #shape: (endpoint: Endpoint) => Endpoint;
  readonly #endpoints = new Map<string, Endpoint>();
  /** How often each server has started. */
  readonly #runs = new Map<string, number>();
  #revision = 0;

  constructor(model: RegistryModel = {}, shape: (endpoint: Endpoint) => Endpoint = (endpoint) => endpoint) {
    this.#lagMs = model.lagMs ?? 5;
    this.#leaseTtlMs = model.leaseTtlMs ?? 15_000;
    this.#outages = model.outages ?? [];
    this.#shape = shape;
  }

  /** Registers a run of a server and returns the id of its endpoint. */
  register(server: ServerModel, weight: number | undefined): string {
    const run = (this.#runs.get(server.id) ?? 0) + 1;
    this.#runs.set(server.id, run);
    const id = run === 1 ? server.id : `${server.id}#${run}`;
    const { maxConcurrency, zone } = server;
    this.#set({ id, origin: `http://${server.id}`, weight, maxConcurrency, zone, state: 'serving', metadata: {} });
    return id;
  }

  /** Says something new of an endpoint, if it is registered. */
  amend(id: string, change: Partial<Pick<Endpoint, 'state' | 'weight'>>): void {
    const endpoint = this.#endpoints.get(id);
    if (endpoint !== undefined) this.#endpoints.set(id, this.#shape({ ...endpoint, ...change }));
  }

  remove(id: string): void {
    this.#endpoints.delete(id);
  }

  snapshot(): Snapshot {
    this.#revision += 1;
    return { revision: this.#revision, endpoints: [...this.#endpoints.values()] };
  }

  /** When clients hear of what changes at `now`. */
  heardAt(now: number): number {
    return this.#back(now) + this.#lagMs;
  }

  /** When the lease of a process that is lost at `now` runs out. */
  leaseEndsAt(now: number): number {
    const end = now + this.#leaseTtlMs;
    // A registry that comes back gives every lease its whole time again, as etcd does after a change of leader.
    const away = this.#outages.find(({ fromMs, untilMs }) => fromMs < end && untilMs > now);
    return away === undefined ? end : away.untilMs + this.#leaseTtlMs;
  }

  #set(endpoint: Endpoint): void {
    this.#endpoints.set(endpoint.id, this.#shape(endpoint));
  }

  #back(now: number): number {
    for (const { fromMs, untilMs } of this.#outages) if (now >= fromMs && now < untilMs) return untilMs;
    return now;
  }
}
