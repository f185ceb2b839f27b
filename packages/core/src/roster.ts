/**
 * What the registry says there is, read with care: the endpoints that are present, and the *suspects*, which are gone from it
 * without having said goodbye.
 *
 * A registry is a hint, and can be wrong about everything at once: a frozen etcd expires all leases in the moment it wakes, a
 * wiped one forgets everybody, while the providers go on serving. Dropping them all would turn a registry's bad day into an
 * outage (Eureka's self-preservation and Envoy's "absent but healthy: still route" exist for this). So with suspicion on:
 *
 * - What was seen draining, or is ejected, may go: its leaving is explained, or confirmed by what attempts on it showed.
 * - Of what goes without explanation, at most half of the baseline goes in one window, and never the last; the rest are suspects.
 * - A revision lower than one already seen is another registry, not a newer state: what it does not list is suspect, all of it.
 * - A suspect that is listed again is present again. One that is not is dropped by {@link forget} (something has tried it), or by
 *   the first snapshot that comes `holdMs` later: a snapshot is the only sign that reaches us of a registry that is well.
 *
 * A snapshot of n endpoints costs O(n), but an endpoint that is the same object as before no more than a look-up.
 */
import { Baseline } from './baseline.ts';
import type { Endpoint, Snapshot } from './endpoint.ts';
import { checkNumber } from './options.ts';

/** When removals are believed at once, and when they leave suspects. */
export interface SuspicionOptions {
  /**
   * Part of the baseline that may go without explanation within `windowMs`, though always one. Defaults to 0.5. Lower, and a real
   * loss of many leaves suspects to be tried; higher, and a registry in error empties the pool.
   */
  readonly maxRemovedShare?: number | undefined;
  /**
   * Defaults to 17 000 ms: a lease of 15 s and 2 s for its removal to arrive, so that leases which end together fall into one
   * window. Set it to your TTL and 2 s.
   */
  readonly windowMs?: number | undefined;
  /** How long back the baseline looks for the largest size. Defaults to 60 000 ms. */
  readonly baselineMs?: number | undefined;
  /** How long an endpoint is held as suspect. Defaults to 600 000 ms. */
  readonly holdMs?: number | undefined;
}

/** What a snapshot changed. Each endpoint is in at most one of the lists, as it is now; in `removed`, as it last was. */
export interface RosterChange {
  readonly added: readonly Endpoint[];
  readonly removed: readonly Endpoint[];
  /** Present before and after, but another object; or suspect before and present now. */
  readonly changed: readonly Endpoint[];
  /** Present before, suspect now. */
  readonly suspected: readonly Endpoint[];
}

interface Entry {
  endpoint: Endpoint;
  /** Number of the snapshot that last listed it. */
  listed: number;
  /** When it became suspect; `undefined` while it is present. */
  suspectSince: number | undefined;
}

/** @throws {InvalidOptionError} */
export class Roster {
  /** How long back baselines look here; 0 without suspicion, when sizes are taken at their word. */
  readonly baselineMs: number;
  readonly #suspicion: Readonly<Record<keyof SuspicionOptions, number>> | undefined;
  readonly #baseline: Baseline;
  readonly #entries = new Map<string, Entry>();
  #revision = -1;
  #snapshots = 0;
  /** When unexplained removals were applied, within the window. */
  #removals: number[] = [];

  constructor(suspicion?: SuspicionOptions) {
    this.#suspicion = suspicion && checkSuspicion(suspicion);
    this.baselineMs = this.#suspicion?.baselineMs ?? 0;
    this.#baseline = new Baseline(this.baselineMs);
  }

  /** Revision of the last snapshot; -1 before the first. */
  get revision(): number {
    return this.#revision;
  }

  /** All ids, of present endpoints and suspects. */
  get ids(): Iterable<string> {
    return this.#entries.keys();
  }

  get(id: string): Endpoint | undefined {
    return this.#entries.get(id)?.endpoint;
  }

  isSuspect(id: string): boolean {
    return this.#entries.get(id)?.suspectSince !== undefined;
  }

  /** Takes in a snapshot. `isEjected` says whether attempts have shown an endpoint to fail. Of two with one id the last counts. */
  apply(snapshot: Snapshot, isEjected: (id: string) => boolean, now: number): RosterChange {
    const number = (this.#snapshots += 1);
    const otherRegistry = snapshot.revision < this.#revision;
    this.#revision = snapshot.revision;

    const added = new Set<Entry>();
    const changed = new Set<Entry>();
    let present = 0;
    for (const endpoint of snapshot.endpoints) {
      const entry = this.#entries.get(endpoint.id);
      if (entry === undefined) {
        const made = { endpoint, listed: number, suspectSince: undefined };
        this.#entries.set(endpoint.id, made);
        added.add(made);
        present += 1;
        continue;
      }
      if (entry.listed !== number) {
        entry.listed = number;
        present += 1;
      }
      if (entry.endpoint !== endpoint || entry.suspectSince !== undefined) {
        entry.endpoint = endpoint;
        entry.suspectSince = undefined;
        if (!added.has(entry)) changed.add(entry);
      }
    }

    const removed: Endpoint[] = [];
    const suspected: Endpoint[] = [];
    let drained = 0;
    if (present < this.#entries.size) {
      this.#removals = this.#removals.filter((at) => now - at < (this.#suspicion?.windowMs ?? 0));
      for (const entry of this.#entries.values()) {
        if (entry.listed === number) continue;
        const { id } = entry.endpoint;
        if (this.#mayGo(entry, otherRegistry, isEjected(id), now)) {
          this.#entries.delete(id);
          removed.push(entry.endpoint);
          if (entry.suspectSince === undefined && entry.endpoint.state === 'draining') drained += 1;
        } else if (entry.suspectSince === undefined) {
          entry.suspectSince = now;
          suspected.push(entry.endpoint);
        }
      }
    }
    this.#baseline.observe(present, drained, now);
    return { added: endpointsOf(added), changed: endpointsOf(changed), removed, suspected };
  }

  /** Drops an endpoint that something other than the registry has shown to be gone. */
  forget(id: string): void {
    this.#entries.delete(id);
  }

  /** Whether an endpoint that the newest snapshot does not list may be dropped. */
  #mayGo(entry: Entry, otherRegistry: boolean, ejected: boolean, now: number): boolean {
    if (this.#suspicion === undefined) return true;
    const { maxRemovedShare, holdMs } = this.#suspicion;
    if (otherRegistry) return false;
    if (entry.suspectSince !== undefined) return ejected || now - entry.suspectSince >= holdMs;
    if (entry.endpoint.state === 'draining' || ejected) return true;

    const allowed = Math.max(1, Math.floor(maxRemovedShare * this.#baseline.value(now)));
    if (this.#removals.length >= allowed || this.#entries.size === 1) return false;
    this.#removals.push(now);
    return true;
  }
}

function endpointsOf(entries: ReadonlySet<Entry>): Endpoint[] {
  return Array.from(entries, ({ endpoint }) => endpoint);
}

function checkSuspicion(options: SuspicionOptions): Readonly<Record<keyof SuspicionOptions, number>> {
  const duration = { min: 0, max: Number.MAX_VALUE };
  return {
    maxRemovedShare: checkNumber('suspicion.maxRemovedShare', options.maxRemovedShare ?? 0.5, { min: 0, max: 1 }),
    windowMs: checkNumber('suspicion.windowMs', options.windowMs ?? 17_000, duration),
    baselineMs: checkNumber('suspicion.baselineMs', options.baselineMs ?? 60_000, duration),
    holdMs: checkNumber('suspicion.holdMs', options.holdMs ?? 600_000, { min: 0 }),
  };
}
