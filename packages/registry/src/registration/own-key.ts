/**
 * The one key of a registration, written so that nobody else's is ever overwritten or deleted.
 *
 * Every write compares what it saw: the key is free, or it is ours and unchanged since. It is ours when it hangs on a lease that
 * this process was granted, which also tells our own earlier write, whose answer got lost, from another process with our id.
 */
import type { Endpoint } from '@lb/core';
import type { ICompare, IKeyValue, ITxnResponse } from 'etcd3';

import type { Codec } from './codec.ts';
import type { EtcdClient } from './etcd-client.ts';
import { IdTakenError } from './errors.ts';
import type { Lease } from './keep-alive.ts';

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
   * Makes the key hold `endpoint` under `lease`, and returns the revision it was written at. One round trip when it already does,
   * or when the key is free. Rejects with `IdTakenError` and `EtcdError`.
   */
  async ensure(lease: Lease, endpoint: Endpoint): Promise<number> {
    this.#leases.add(lease.id);
    const value = Buffer.from(this.#codec.encode(this.#service, endpoint));
    let seen: IKeyValue | undefined;
    for (let race = 0; race < maxRaces; race += 1) {
      const { succeeded, header, found } = await this.#putIf(seen, value, lease);
      if (succeeded) return Number(header.revision);
      if (found !== undefined && !this.#leases.has(found.lease)) throw new IdTakenError(this.#service, this.#id);
      if (found?.lease === lease.id && found.value.equals(value)) return Number(found.mod_revision);
      seen = found;
    }
    throw new IdTakenError(this.#service, this.#id);
  }

  /** Deletes the key if it hangs on `lease`. Rejects with `EtcdError`. */
  async remove(lease: Lease): Promise<void> {
    const ours: ICompare = { key: this.#key, target: 'Lease', result: 'Equal', lease: lease.id };
    await this.#client.kv('txn', (kv) =>
      kv.txn({ compare: [ours], success: [{ request_delete_range: { key: this.#key } }], failure: [] }),
    );
  }

  async #putIf(
    seen: IKeyValue | undefined,
    value: Buffer,
    lease: Lease,
  ): Promise<Pick<ITxnResponse, 'succeeded' | 'header'> & { readonly found: IKeyValue | undefined }> {
    const unchanged: ICompare =
      seen === undefined
        ? { key: this.#key, target: 'Create', result: 'Equal', create_revision: 0 }
        : { key: this.#key, target: 'Mod', result: 'Equal', mod_revision: seen.mod_revision };
    const { succeeded, header, responses } = await this.#client.kv('txn', (kv) =>
      kv.txn({
        compare: [unchanged],
        success: [{ request_put: { key: this.#key, value, lease: lease.id } }],
        failure: [{ request_range: { key: this.#key } }],
      }),
    );
    return { succeeded, header, found: responses[0]?.response_range?.kvs[0] };
  }
}
