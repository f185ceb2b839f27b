import type { Balancer } from '@lb/balancer';
import type { Registration } from '@lb/registry';
import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';

import type { FollowedService, Services } from './consumer/services.ts';
import { MissingPluginError, type RefusalReason } from './errors.ts';
import type { RequestLb } from './request-lb.ts';
import type { Slots } from './slots.ts';

/** Says whether something that the service needs is there: `'ok'`, or what is wrong in a few words. Must be quick. */
export type ReadinessCheck = () => string;

/** What the service knows of itself: `app.lb`. */
export interface Lb {
  /** Whether the service asks for no new requests. It never ends. */
  readonly draining: boolean;
  /** Requests held now: begun, and not answered to the last byte. Those to health and probe routes do not count. */
  readonly inFlight: number;
  /** Of `slotLimit`; `undefined` without. */
  readonly slots: { readonly limit: number; readonly used: number; readonly queued: number } | undefined;
  /** As it stands in etcd; `undefined` before, and for a service that does not register. */
  readonly registration: Registration | undefined;
  /** What `/readyz` asks, by name. Add to it what your service cannot do without. */
  readonly checks: Map<string, ReadinessCheck>;
  /** The services that this process sends requests to, by name. Empty without `consumer`. */
  readonly services: ReadonlyMap<string, FollowedService>;
  /**
   * What sends requests to `service`. Throws `UnknownServiceError` and `TooManyServicesError`, which Fastify answers with 404 and 503, and
   * `MissingPluginError` without `consumer`.
   */
  balancer(service: string): Balancer;
  /**
   * From now on answers ask their callers to go elsewhere, and the service is not ready. It goes on serving. `serve` calls this when the
   * process is asked to end.
   */
  drain(): void;
}

/** What a route can say of itself: `config: { lb: { … } }`. */
export interface RouteLb {
  /**
   * Whether the route does the service's work: is counted, limited and refused under load. Defaults to true. False for what must answer
   * in any case, such as health and metrics.
   */
  readonly work?: boolean | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly lb: Lb;
  }
  interface FastifyRequest {
    readonly lb: RequestLb;
  }
  interface FastifyContextConfig {
    lb?: RouteLb;
  }
}

export class ServiceState implements Lb {
  readonly checks: Map<string, ReadinessCheck> = new Map();
  inFlight = 0;
  /** When the last request for the service's work came. */
  lastRequestAt: number = -Infinity;
  draining = false;
  /** Whether the app is being closed: what still comes is refused by Fastify itself. */
  closing = false;
  slots: Slots | undefined;
  registration: Registration | undefined;

  consumed: Services | undefined;
  /** Are told of each request for the service's work that is over: its answer, and how long it took. */
  readonly listeners: Set<(response: ServerResponse, elapsedMs: number) => void> = new Set();
  /** How many requests were refused before anything was done for them, by why. */
  readonly refused: Map<string, number> = new Map();

  /** What `/readyz` says. */
  get status(): 'ok' | 'draining' | 'not ready' {
    if (this.draining) return 'draining';
    for (const check of this.checks.values()) if (check() !== 'ok') return 'not ready';
    return 'ok';
  }

  countRefusal(reason: RefusalReason | 'deadline'): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  get services(): ReadonlyMap<string, FollowedService> {
    return this.consumed?.followed ?? new Map();
  }

  balancer(service: string): Balancer {
    if (this.consumed === undefined) throw new MissingPluginError('"consumer"');
    return this.consumed.balancer(service, performance.now());
  }

  drain(): void {
    this.draining = true;
  }
}

/** @throws {MissingPluginError} */
export function stateOf(app: FastifyInstance): ServiceState {
  if (app.hasDecorator('lb') && app.lb instanceof ServiceState) return app.lb;
  throw new MissingPluginError('"provider" or "lameDuck"');
}
