import type { Endpoint } from '@lb/core';

import { applyOverrides, everyEndpoint, type Override } from '../overrides/override.ts';
import { type Claimant, Claims } from './claims.ts';

interface Registered extends Claimant {
  readonly endpoint: Endpoint;
  /** As it should be treated: with what operators have set. */
  effective: Endpoint;
}

/**
 * The endpoints of a service, as they are registered and as operators want them: one for each id, and one for each address.
 *
 * A change of one costs O(1), an override O(endpoints), and so does reading them all.
 */
export class EndpointSet {
  readonly #registered = new Map<string, Registered>();
  readonly #ids = new Claims<Registered>();
  readonly #origins = new Claims<Registered>();
  readonly #overrides = new Map<string, Override>();

  /** What `key` registers from now on; `undefined` when it is gone. Returns what it registered before, as treated. */
  set(key: string, endpoint: Endpoint | undefined, createRevision: bigint): Endpoint | undefined {
    const before = this.#registered.get(key);
    if (before !== undefined) {
      this.#ids.remove(before.endpoint.id, before);
      this.#origins.remove(before.endpoint.origin, before);
    }
    if (endpoint === undefined) {
      this.#registered.delete(key);
    } else {
      const registered = { key, createRevision, endpoint, effective: this.#effective(endpoint) };
      this.#registered.set(key, registered);
      this.#ids.add(endpoint.id, registered);
      this.#origins.add(endpoint.origin, registered);
    }
    return before?.effective;
  }

  /** What operators want of `target`, an id or `*`, from now on; `undefined` when nothing any more. Returns whether that changes any. */
  override(target: string, override: Override | undefined): boolean {
    if (override === undefined) this.#overrides.delete(target);
    else this.#overrides.set(target, override);
    let changes = false;
    for (const registered of this.#registered.values()) {
      const { endpoint } = registered;
      if (target !== everyEndpoint && target !== endpoint.id) continue;
      registered.effective = this.#effective(endpoint);
      changes = true;
    }
    return changes;
  }

  /** The endpoint that `key` registers, as treated. */
  get(key: string): Endpoint | undefined {
    return this.#registered.get(key)?.effective;
  }

  /** All endpoints that count. */
  list(): Endpoint[] {
    const contested = this.#ids.contested || this.#origins.contested;
    const endpoints: Endpoint[] = [];
    for (const registered of this.#registered.values()) {
      if (!contested || this.#counts(registered)) endpoints.push(registered.effective);
    }
    return endpoints;
  }

  #counts(registered: Registered): boolean {
    const { id, origin } = registered.endpoint;
    return this.#ids.winner(id) === registered && this.#origins.winner(origin) === registered;
  }

  #effective(endpoint: Endpoint): Endpoint {
    return applyOverrides(endpoint, this.#overrides.get(endpoint.id), this.#overrides.get(everyEndpoint));
  }
}
