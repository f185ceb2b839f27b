/**
 * What stands in etcd, read once: every service, or one, with the leases behind its endpoints and what cannot be read.
 *
 * For people who look and tools that check. Whoever sends requests follows a service with `discover` instead.
 */
import type { Endpoint } from '@lb/core';
import type { IKeyValue } from 'etcd3';

import { addressCheck, type AddressPolicy, type CheckAddress } from '../address-policy.ts';
import { printable, type Subject } from '../channels.ts';
import { systemClock } from '../clock.ts';
import type { Codec } from '../codecs/codec.ts';
import { etcdNaming, type EtcdNamingOptions } from '../codecs/etcd-naming.ts';
import { EndpointSet } from '../discovery/endpoint-set.ts';
import { InvalidValueError } from '../errors.ts';
import type { Connection } from '../etcd/connection.ts';
import { EtcdClient } from '../etcd/etcd-client.ts';
import { checkEtcdOptions, type EtcdOptions } from '../etcd/etcd-options.ts';
import { list } from '../etcd/list.ts';
import type { Override } from '../overrides/override.ts';
import { OverrideKeys, type OverrideKeysOptions, overridesRoot } from '../overrides/override-keys.ts';
import { checkServiceName, readEndpoint } from '../validate.ts';
import { type Lease, noLease, readLeases } from './leases.ts';

export interface InspectOptions extends EtcdOptions, EtcdNamingOptions {
  /** Read this service only. Defaults to every one, for which the user must be allowed to read all of the root. */
  readonly service?: string | undefined;
  /** Which addresses a registration may name. */
  readonly addresses?: AddressPolicy | undefined;
  readonly overrides?: OverrideKeysOptions | undefined;
  /** Ask how long each lease still has, one call a lease. Defaults to true. */
  readonly leases?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What stands in etcd at one revision. */
export interface Inspection {
  /** The revision that the endpoints were read at. */
  readonly revision: number;
  /** By name. */
  readonly services: readonly InspectedService[];
}

/** A service, with what is wrong with it. */
export interface InspectedService {
  readonly name: string;
  /** In the order of their keys. */
  readonly endpoints: readonly InspectedEndpoint[];
  /** What operators have set, by id or `*`. */
  readonly overrides: ReadonlyMap<string, Override>;
  readonly unreadable: readonly UnreadableKey[];
}

/** An endpoint, with what etcd knows of it. */
export interface InspectedEndpoint {
  /** As consumers treat it: with what operators have set. */
  readonly endpoint: Endpoint;
  /** The id of its lease; `undefined` for one that stays when its process is gone. */
  readonly leaseId: string | undefined;
  /** How long the lease has; `undefined` when it was not asked for, or there is none. */
  readonly lease: Lease | undefined;
  /** Whether consumers take it. A newer one with the same id or address stands before it. */
  readonly counts: boolean;
}

/** A key that consumers skip. */
export interface UnreadableKey {
  readonly subject: Subject;
  /** Safe to print. */
  readonly key: string;
  readonly why: string;
}

/** Throws `InvalidOptionError`; rejects with `EtcdError`. O(keys), and a call for each 500 of them. */
export async function inspect(options: InspectOptions): Promise<Inspection> {
  const etcd = checkEtcdOptions(options);
  const { signal = new AbortController().signal, leases = true } = options;
  const codec = etcdNaming(options);
  const endpoints = `${options.root ?? 'lb'}/`;
  const overrides = `${overridesRoot(options.overrides)}/`;
  const own = options.service === undefined ? '' : `${checkServiceName(options.service)}/`;
  const checkAddress = addressCheck(options.addresses ?? {}, etcd.loopback);

  const read = async (connection: Connection): Promise<Inspection> => {
    const services = new Services(codec, checkAddress, options.overrides);
    if (options.service !== undefined) services.get(options.service);
    const take =
      (prefix: string, subject: Subject) =>
      (kv: IKeyValue): void =>
        services.take(subject, prefix, kv);
    const { header } = await list(connection, endpoints + own, take(endpoints, 'endpoints'), signal);
    await list(connection, overrides + own, take(overrides, 'overrides'), signal);
    const known = leases ? await readLeases(connection, services.leaseIds(), signal) : undefined;
    return { revision: Number(header.revision), services: services.read(known) };
  };
  const client = new EtcdClient(etcd, systemClock, Math.random);
  try {
    return await client.onAny(read);
  } finally {
    client.close();
  }
}

interface Registration {
  readonly key: string;
  readonly leaseId: string | undefined;
}

/** One service, as its keys come in. */
interface Service {
  readonly set: EndpointSet;
  readonly registrations: Registration[];
  readonly overrides: Map<string, Override>;
  readonly unreadable: UnreadableKey[];
}

class Services {
  readonly #codec: Codec;
  readonly #check: CheckAddress;
  readonly #overrides: OverrideKeysOptions | undefined;
  readonly #services = new Map<string, Service>();

  constructor(codec: Codec, check: CheckAddress, overrides: OverrideKeysOptions | undefined) {
    this.#codec = codec;
    this.#check = check;
    this.#overrides = overrides;
  }

  get(name: string): Service {
    let service = this.#services.get(name);
    if (service === undefined) {
      service = { set: new EndpointSet(), registrations: [], overrides: new Map(), unreadable: [] };
      this.#services.set(name, service);
    }
    return service;
  }

  /** Takes one key, which begins with `root`: what follows is the service and what names the rest. */
  take(subject: Subject, root: string, kv: IKeyValue): void {
    const key = kv.key.toString();
    const end = key.indexOf('/', root.length);
    const service = printable(end === -1 ? '' : key.slice(root.length, end));
    const { set, registrations, overrides, unreadable } = this.get(service);
    try {
      checkServiceKey(service);
      const name = key.slice(end + 1);
      if (subject === 'endpoints') {
        const endpoint = readEndpoint(this.#codec, service, name, kv.value, this.#check);
        set.set(key, endpoint, BigInt(kv.create_revision));
        registrations.push({ key, leaseId: kv.lease === noLease ? undefined : kv.lease });
      } else {
        const keys = new OverrideKeys(service, this.#overrides);
        const override = keys.read(name, kv.value);
        const target = keys.targetOf(key);
        set.override(target, override);
        overrides.set(target, override);
      }
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      unreadable.push({ subject, key: printable(key), why: error.why });
    }
  }

  leaseIds(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const { registrations } of this.#services.values()) {
      for (const { leaseId } of registrations) if (leaseId !== undefined) ids.add(leaseId);
    }
    return ids;
  }

  read(leases: ReadonlyMap<string, Lease> | undefined): InspectedService[] {
    return Array.from(this.#services, ([name, service]) => inspected(name, service, leases)).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  }
}

function inspected(
  name: string,
  { set, registrations, overrides, unreadable }: Service,
  leases: ReadonlyMap<string, Lease> | undefined,
): InspectedService {
  const counting = new Set(set.list());
  const endpoints = registrations.flatMap(({ key, leaseId }): InspectedEndpoint[] => {
    const endpoint = set.get(key);
    if (endpoint === undefined) return [];
    const lease = leaseId === undefined ? undefined : leases?.get(leaseId);
    return [{ endpoint, leaseId, lease, counts: counting.has(endpoint) }];
  });
  return { name, endpoints, overrides, unreadable };
}

function checkServiceKey(service: string): void {
  try {
    checkServiceName(service);
  } catch (cause) {
    throw new InvalidValueError('its key names no service', { cause });
  }
}
