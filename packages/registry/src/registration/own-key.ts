/**
 * The one key of a registration, written so that nobody else's is ever overwritten or deleted.
 *
 * Every write compares what it saw: the key is free, or it is ours and unchanged since. It is ours when it hangs on a lease that
 * this process was granted, which also tells our own earlier write, whose answer got lost, from another process with our id.
 */
import type { Endpoint } from '@lb/core';
import type { ICompare, IKeyValue, IRangeResponse, ITxnResponse } from 'etcd3';

import type { Codec } from '../codecs/codec.ts';
import type { CallLimits } from '../etcd/connection.ts';
import type { EtcdClient } from '../etcd/etcd-client.ts';
import { IdTakenError } from '../errors.ts';
import type { Lease } from './lease.ts';

/** A write that loses this many races in a row has somebody against it. */
const maxRaces = 3;

export class OwnKey {
  readonly #client: EtcdClient;
  readonly #service: string;
  readonly #id: string;
  readonly #codec: Codec;
  readonly #key: Buffer;
  /** Every lease we had. A process loses a handful in its life. */
  readonly #leases = new Set<string>();

  constructor(client: EtcdClient, service: string, id: string, codec: Codec) {
    this.#client = client;
    this.#service = service;
    this.#id = id;
    this.#codec = codec;
    this.#key = Buffer.from(codec.key(service, id));
  }

  /**
   * Makes the key hold `endpoint` under `lease`, or be absent where the layout says it so, and returns the revision since which it
   * does. One round trip when it already does, or when the key is free. Rejects with `IdTakenError` and `EtcdError`.
   */
  async ensure(lease: Lease, endpoint: Endpoint, limits: CallLimits): Promise<bigint> {
    this.#leases.add(lease.id);
    const text = this.#codec.encode(this.#service, endpoint);
    if (text === undefined) return this.remove(lease, limits);
    const value = Buffer.from(text);
    let seen: IKeyValue | undefined;
    for (let race = 0; race < maxRaces; race += 1) {
      const { succeeded, header, found } = await this.#putIf(seen, value, lease, limits);
      if (succeeded) return BigInt(header.revision);
      if (found !== undefined && !this.#leases.has(found.lease)) throw new IdTakenError(this.#service, this.#id);
      if (found?.lease === lease.id && found.value.equals(value)) return BigInt(found.mod_revision);
      seen = found;
    }
    throw new IdTakenError(this.#service, this.#id);
  }

  /**
   * Whether the key holds what {@link ensure} would make it hold, as far as the member in use knows: a look at what it has costs the
   * cluster nothing, where a transaction, even one that changes nothing, is agreed on and written to every disk. Rejects with
   * `EtcdError`.
   */
  async isThere(lease: Lease, endpoint: Endpoint, limits: CallLimits): Promise<boolean> {
    const text = this.#codec.encode(this.#service, endpoint);
    const { kvs } = await this.#look({ serializable: true }, limits);
    const [found] = kvs;
    if (text === undefined) return found === undefined;
    return found?.lease === lease.id && found.value.equals(Buffer.from(text));
  }

  /** The revision that the store is at, as the cluster knows. Rejects with `EtcdError`. */
  async storeRevision(limits: CallLimits): Promise<bigint> {
    const { header } = await this.#look({ serializable: false }, limits);
    return BigInt(header.revision);
  }

  /** Deletes the key if it hangs on `lease`, and returns the revision since which it does not. Rejects with `EtcdError`. */
  async remove(lease: Lease, limits: CallLimits): Promise<bigint> {
    const ours: ICompare = { key: this.#key, target: 'Lease', result: 'Equal', lease: lease.id };
    const { header } = await this.#client.call(
      'txn',
      ({ kv }, options) =>
        kv.txn({ compare: [ours], success: [{ request_delete_range: { key: this.#key } }], failure: [] }, options),
      limits,
    );
    return BigInt(header.revision);
  }

  #look({ serializable }: { readonly serializable: boolean }, limits: CallLimits): Promise<IRangeResponse> {
    return this.#client.call('range', ({ kv }, options) => kv.range({ key: this.#key, serializable }, options), limits);
  }

  async #putIf(
    seen: IKeyValue | undefined,
    value: Buffer,
    lease: Lease,
    limits: CallLimits,
  ): Promise<Pick<ITxnResponse, 'succeeded' | 'header'> & { readonly found: IKeyValue | undefined }> {
    const unchanged: ICompare =
      seen === undefined
        ? { key: this.#key, target: 'Create', result: 'Equal', create_revision: 0 }
        : { key: this.#key, target: 'Mod', result: 'Equal', mod_revision: seen.mod_revision };
    const put = { request_put: { key: this.#key, value, lease: lease.id } };
    const look = { request_range: { key: this.#key } };
    const { succeeded, header, responses } = await this.#client.call(
      'txn',
      ({ kv }, options) => kv.txn({ compare: [unchanged], success: [put], failure: [look] }, options),
      limits,
    );
    return { succeeded, header, found: responses[0]?.response_range?.kvs[0] };
  }
}
