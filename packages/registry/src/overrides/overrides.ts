/**
 * For operators, and the tools that they use: sets, clears and lists what discovery folds into its snapshots.
 */
import { checkNumber, InvalidOptionError } from '@lb/core';
import type { ICompare, IKeyValue } from 'etcd3';

import { channels, printable } from '../channels.ts';
import { systemClock, wallClock } from '../clock.ts';
import { EtcdError, InvalidValueError } from '../errors.ts';
import type { Call } from '../etcd/connection.ts';
import { EtcdClient } from '../etcd/etcd-client.ts';
import { checkEtcdOptions, type EtcdOptions } from '../etcd/etcd-options.ts';
import { list } from '../etcd/list.ts';
import { checkServiceName, isName, maxWeight } from '../validate.ts';
import { encodeOverride, everyEndpoint, isPerson, type Override } from './override.ts';
import { OverrideKeys, type OverrideKeysOptions } from './override-keys.ts';

export interface OverridesOptions extends EtcdOptions, OverrideKeysOptions {
  /** Name of the service whose endpoints are meant. */
  readonly service: string;
}

/** What an operator wants. What is not given stays as it is. */
export interface OverrideChange {
  /** Share of traffic; 0 for none. */
  readonly weight?: number | undefined;
  /** No new work for the endpoint, as if it had said so itself. */
  readonly state?: 'draining' | undefined;
  /** Most requests at once, from one client. */
  readonly maxConcurrency?: number | undefined;
}

/** What can be set from outside. */
export type OverrideField = keyof Override;

/** Opens the overrides of a service. Nothing is sent before the first call. Throws `InvalidOptionError`. */
export function openOverrides(options: OverridesOptions): Overrides {
  return new Overrides(options);
}

/** As often as somebody else may get in between. */
const maxRaces = 10;

/** Sets and clears what operators want of a service's endpoints; what `openOverrides` returns. */
export class Overrides implements AsyncDisposable {
  readonly service: string;
  readonly #client: EtcdClient;
  readonly #keys: OverrideKeys;
  readonly #closing = new AbortController();

  constructor(options: OverridesOptions) {
    this.service = checkServiceName(options.service);
    this.#keys = new OverrideKeys(this.service, options);
    this.#client = new EtcdClient(checkEtcdOptions(options), systemClock, Math.random);
  }

  /**
   * Sets fields for `target`, the id of an endpoint or `*` for every one, in the name of `by`; other fields stay as they are. Whether
   * there is such an endpoint does not matter: it may come. Returns all that is set then. Throws `InvalidOptionError`, rejects with
   * `EtcdError`.
   */
  async set(target: string, change: OverrideChange, by: string): Promise<Override> {
    checkTarget(target);
    if (!isPerson(by)) throw new InvalidOptionError('by', '1 to 128 printable characters', by);
    const settings = settingsOf(change, by, wallClock());
    return (await this.#edit(target, (before) => ({ ...before, ...settings }))) ?? settings;
  }

  /** Takes back what is set for `target`, all of it or the given fields. Returns what is left. As {@link set}. */
  async clear(target: string, fields: readonly OverrideField[] = allFields): Promise<Override | undefined> {
    checkTarget(target);
    for (const field of fields) {
      if (!allFields.includes(field)) throw new InvalidOptionError('fields', `among ${allFields.join(', ')}`, field);
    }
    return this.#edit(target, (before) => {
      const left = Object.entries(before).filter(([field]) => !fields.some((cleared) => cleared === field));
      return Object.fromEntries(left);
    });
  }

  /** All that is set, by id or `*`. What cannot be read is published as invalid. Rejects with `EtcdError`. */
  async list(): Promise<ReadonlyMap<string, Override>> {
    return this.#client.onAny(async (connection) => {
      const overrides = new Map<string, Override>();
      const take = (kv: IKeyValue): void => {
        const override = this.#read(kv);
        if (override !== undefined) overrides.set(this.#keys.targetOf(kv.key.toString()), override);
      };
      await list(connection, this.#keys.prefix, take, this.#closing.signal);
      return overrides;
    });
  }

  /** Closes the connection to etcd. */
  close(): Promise<void> {
    this.#closing.abort();
    this.#client.close();
    return Promise.resolve();
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Writes what `edit` makes of what is there, and returns it; `undefined` when nothing is left. */
  async #edit(target: string, edit: (before: Override) => Override): Promise<Override | undefined> {
    const key = Buffer.from(this.#keys.keyOf(target));
    for (let race = 0; race < maxRaces; race += 1) {
      const { kvs } = await this.#call('range', ({ kv }, options) => kv.range({ key }, options));
      const [found] = kvs;
      const after = edit((found && this.#read(found)) ?? {});
      const left = Object.keys(after).length > 0 ? after : undefined;
      if (left === undefined && found === undefined) return undefined;
      const unchanged: ICompare = {
        key,
        target: 'Mod',
        result: 'Equal',
        mod_revision: found?.mod_revision ?? 0,
      };
      const write =
        left === undefined
          ? { request_delete_range: { key } }
          : { request_put: { key, value: Buffer.from(encodeOverride(left)) } };
      const { succeeded } = await this.#call('txn', ({ kv }, options) =>
        kv.txn({ compare: [unchanged], success: [write], failure: [] }, options),
      );
      if (succeeded) return left;
    }
    const cause = new Error(`the key was changed by others ${maxRaces} times in a row`);
    throw new EtcdError('ERR_ETCD_REFUSED', 'txn', this.#client.host, { cause });
  }

  #read(kv: IKeyValue): Override | undefined {
    const key = kv.key.toString();
    try {
      return this.#keys.read(key.slice(this.#keys.prefix.length), kv.value);
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      channels.invalid.publish({ service: this.service, subject: 'overrides', key: printable(key), error });
      return undefined;
    }
  }

  /** On any member: every write compares what it saw, so it cannot be done twice. */
  #call<T>(name: string, run: Call<T>): Promise<T> {
    return this.#client.onAny((connection) => connection.call(name, run, { signal: this.#closing.signal }));
  }
}

const allFields: readonly OverrideField[] = ['weight', 'state', 'maxConcurrency'];

function checkTarget(target: string): void {
  if (target !== everyEndpoint && !isName(target)) {
    throw new InvalidOptionError('target', 'the id of an endpoint, or *', target);
  }
}

function settingsOf({ weight, state, maxConcurrency }: OverrideChange, by: string, at: number): Override {
  if (weight === undefined && state === undefined && maxConcurrency === undefined) {
    throw new InvalidOptionError('change', 'at least one of weight, state and maxConcurrency', undefined);
  }
  if (state !== undefined && state !== 'draining') throw new InvalidOptionError('state', 'draining', state);
  return {
    ...(weight !== undefined && { weight: { to: checkNumber('weight', weight, { min: 0, max: maxWeight }), by, at } }),
    ...(state !== undefined && { state: { to: state, by, at } }),
    ...(maxConcurrency !== undefined && {
      maxConcurrency: {
        to: checkNumber('maxConcurrency', maxConcurrency, { min: 0, max: Number.MAX_SAFE_INTEGER }),
        by,
        at,
      },
    }),
  };
}
