import type { Endpoint, Snapshot } from '@lb/core';

/**
 * Endpoints that have said in an answer that they drain, while the registry still lists them as serving: the news travels faster with
 * the answers than through a watch that lags. It holds for as long as the id is listed, since an id names one run of one process.
 */
export class Drains {
  /** The endpoints as they are listed, and as they are to be taken. */
  readonly #marked = new Map<
    string,
    { readonly listed: Endpoint | undefined; readonly draining: Endpoint | undefined }
  >();

  /** False if that is known already. */
  add(id: string): boolean {
    if (this.#marked.has(id)) return false;
    this.#marked.set(id, { listed: undefined, draining: undefined });
    return true;
  }

  /** The snapshot, with what drains marked as that. O(n) while something does. */
  apply(snapshot: Snapshot): Snapshot {
    if (this.#marked.size === 0) return snapshot;
    const gone = new Set(this.#marked.keys());
    const endpoints = snapshot.endpoints.map((endpoint) => {
      gone.delete(endpoint.id);
      return this.#mark(endpoint);
    });
    for (const id of gone) this.#marked.delete(id);
    return { ...snapshot, endpoints };
  }

  #mark(endpoint: Endpoint): Endpoint {
    const known = this.#marked.get(endpoint.id);
    if (known === undefined || endpoint.state === 'draining') return endpoint;
    // The same object for the same endpoint, so that nothing looks changed that is not.
    if (known.listed === endpoint && known.draining !== undefined) return known.draining;
    const draining: Endpoint = { ...endpoint, state: 'draining' };
    this.#marked.set(endpoint.id, { listed: endpoint, draining });
    return draining;
  }
}
