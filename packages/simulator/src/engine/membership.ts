import type { Endpoint, Peer, Snapshot } from '@lb/core';

import type { Contender } from '../contender.ts';
import type { Model } from '../model.ts';
import type { EventQueue } from './event-queue.ts';
import { kinds } from './kinds.ts';
import { Registry } from './registry.ts';
import type { Server } from './server.ts';

/** Which server stands behind which endpoint, and the events by which clients hear of changes: leases that run out, snapshots. */
export class Membership {
  readonly #model: Model;
  readonly #registry: Registry;
  readonly #events: EventQueue;
  readonly #serverByEndpoint = new Map<string, Server>();
  /** Endpoint ids, by server, of the run that is registered. */
  readonly #endpointIds: string[] = [];
  readonly #snapshots: Snapshot[] = [];
  readonly #leases: string[] = [];

  constructor(model: Model, contender: Contender, events: EventQueue) {
    this.#model = model;
    this.#registry = new Registry(model.registry, contender.endpoint);
    this.#events = events;
  }

  serverOf({ id }: Peer): Server {
    return this.#serverByEndpoint.get(id)!;
  }

  /** Registers a run of `server`. Nobody hears of it before {@link publish}. */
  register(server: Server): void {
    const model = this.#model.servers[server.index]!;
    const id = this.#registry.register(model, model.weight);
    this.#endpointIds[server.index] = id;
    this.#serverByEndpoint.set(id, server);
  }

  /** Says something new of a server's endpoint, or takes it out, if it ever had one; clients hear of it. */
  amend(server: Server, change: Partial<Pick<Endpoint, 'state' | 'weight'>> | 'deregister', now: number): void {
    const id = this.#endpointIds[server.index];
    if (id === undefined) return;
    if (change === 'deregister') this.#registry.remove(id);
    else this.#registry.amend(id, change);
    this.publish(now);
  }

  /** A server is lost: its lease runs out. */
  lose(server: Server, now: number): void {
    const id = this.#endpointIds[server.index];
    if (id === undefined) return;
    this.#leases.push(id);
    this.#events.push(this.#registry.leaseEndsAt(now), kinds.expire, this.#leases.length - 1, 0);
  }

  expired(index: number, now: number): void {
    this.#registry.remove(this.#leases[index]!);
    this.publish(now);
  }

  /** Takes a snapshot, of which all clients hear. */
  publish(now: number): void {
    this.#events.push(this.#registry.heardAt(now), kinds.snapshot, this.#take(), 0);
  }

  /** A snapshot that all clients have from the start. */
  first(): Snapshot {
    return this.snapshot(this.#take());
  }

  snapshot(index: number): Snapshot {
    return this.#snapshots[index]!;
  }

  #take(): number {
    return this.#snapshots.push(this.#registry.snapshot()) - 1;
  }
}
