import { credentials } from '@grpc/grpc-js';
import {
  Etcd3,
  type IDeleteRangeResponse,
  type IEvent,
  type IKeyValue,
  type IPutRequest,
  type IRangeRequest,
  type IRangeResponse,
  type IWatchCreateRequest,
  type IWatchResponse,
} from 'etcd3';
import { type Methods, RawClient, type RawStream, type Streams } from './raw-client.ts';

/** A server that the contract holds for. */
export interface TestServer {
  readonly address: string;
  readonly hosts: string;
  close(): Promise<void>;
}

/** Keys, bytes and the rest as they are easiest to read: `a=x c1 m2 v2` was created at revision 1 and put again at 2. */
export interface RangeView {
  readonly kvs: readonly string[];
  readonly more: boolean;
  readonly count: number;
  readonly revision: number;
}

export const b = (text: string): Buffer => Buffer.from(text, 'latin1');

/** All keys. */
export const everything = { key: b('\0'), range_end: b('\0') };

/** `message` with fields that its type does not allow, such as numbers that an enum does not have. */
export function withUnknown<T extends object>(message: T, fields: object): T {
  return Object.assign(message, fields);
}

/** The range of keys that begin with `text`. */
export function prefix(text: string): { key: Buffer; range_end: Buffer } {
  const end = b(text);
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
  return { key: b(text), range_end: end };
}

/**
 * What a case has to work with: a server without keys and leases, and revisions counted from where it found it. So a case says
 * "revision 1" for the first thing it writes, whatever ran before it.
 */
export class Context {
  readonly server: TestServer;
  readonly raw: RawClient;
  readonly etcd3: Etcd3;
  #base = 0;
  readonly #streams: { cancel(): void }[] = [];
  readonly #clients: { close(): void }[] = [];

  constructor(server: TestServer) {
    this.server = server;
    this.raw = this.client();
    this.etcd3 = new Etcd3({ hosts: server.hosts });
    this.#clients.push(this.etcd3);
  }

  /** Empties the server. */
  async begin(): Promise<void> {
    const { leases } = await this.raw.call('Lease/LeaseLeases', {});
    for (const { ID } of leases) await this.raw.call('Lease/LeaseRevoke', { ID });
    const { header } = await this.raw.call('KV/DeleteRange', everything);
    this.#base = Number(header.revision);
  }

  /** Ends what the case has left open. */
  end(): void {
    for (const stream of this.#streams.splice(0)) stream.cancel();
    for (const client of this.#clients.splice(0)) client.close();
  }

  /** Another client, that sends `metadata` with every call. */
  client(metadata: Readonly<Record<string, string>> = {}): RawClient {
    const client = new RawClient(this.server.address, metadata, credentials.createInsecure());
    this.#clients.push(client);
    return client;
  }

  closeAtEnd(client: { close(): void }): void {
    this.#clients.push(client);
  }

  /** A revision as the server tells it, as the case counts it. */
  at(revision: string): number {
    return Number(revision) - this.#base;
  }

  /** A revision as the case counts it, as the server does. */
  revision(at: number): number {
    return this.#base + at;
  }

  call<M extends keyof Methods>(method: M, request: Methods[M][0]): Promise<Methods[M][1]> {
    return this.raw.call(method, request);
  }

  stream<M extends keyof Streams>(method: M, client: RawClient = this.raw): RawStream<Streams[M][0], Streams[M][1]> {
    const stream = client.stream(method);
    this.#streams.push(stream);
    return stream;
  }

  serverStream<M extends keyof Streams>(method: M, request: Streams[M][0]): RawStream<Streams[M][0], Streams[M][1]> {
    const stream = this.raw.serverStream(method, request);
    this.#streams.push(stream);
    return stream;
  }

  /** Puts, and returns the revision as the case counts it. */
  async put(key: string, value = '', options: Omit<IPutRequest, 'key' | 'value'> = {}): Promise<number> {
    const { header } = await this.call('KV/Put', { key: b(key), value: b(value), ...options });
    return this.at(header.revision);
  }

  async delete(key: string, rangeEnd?: string): Promise<IDeleteRangeResponse> {
    return this.call('KV/DeleteRange', { key: b(key), ...(rangeEnd !== undefined && { range_end: b(rangeEnd) }) });
  }

  async range(request: IRangeRequest = everything): Promise<RangeView> {
    return this.viewOf(await this.call('KV/Range', request));
  }

  /** All keys, as `a=x`. */
  async contents(): Promise<string[]> {
    const { kvs } = await this.call('KV/Range', everything);
    return kvs.map(({ key, value }) => `${key.toString('latin1')}=${value.toString('latin1')}`);
  }

  /** Grants a lease, and returns its id. */
  async grant(ttl: number, id: string | number = 0): Promise<string> {
    const { ID } = await this.call('Lease/LeaseGrant', { TTL: ttl, ID: id });
    return ID;
  }

  /** Opens a stream with one watch, and takes the answer that it was created. */
  async watch(request: IWatchCreateRequest = everything) {
    const stream = this.stream('Watch/Watch');
    stream.write({ create_request: request });
    const created = await stream.next();
    return { stream, created: this.show(created), next: async () => this.show(await stream.next()) };
  }

  viewOf({ kvs, more, count, header }: IRangeResponse): RangeView {
    return { kvs: kvs.map((kv) => this.showKv(kv)), more, count: Number(count), revision: this.at(header.revision) };
  }

  showKv({ key, value, create_revision, mod_revision, version, lease }: IKeyValue): string {
    const pair = `${key.toString('latin1')}=${value.toString('latin1')}`;
    const numbers = `c${this.at(create_revision)} m${this.at(mod_revision)} v${version}`;
    return `${pair} ${numbers}${lease === '0' ? '' : ` lease ${lease}`}`;
  }

  /** A watch answer on one line: `#0 @2 PUT a=x c1 m2 v2`. */
  show({
    header,
    watch_id,
    created,
    canceled,
    cancel_reason,
    compact_revision,
    fragment,
    events,
  }: IWatchResponse): string {
    const marks = [
      `#${watch_id}`,
      header.revision === '0' ? '@zero' : `@${this.at(header.revision)}`,
      ...(created ? ['created'] : []),
      ...(canceled ? ['canceled'] : []),
      ...(cancel_reason === '' ? [] : [`because "${cancel_reason}"`]),
      ...(compact_revision === '0' ? [] : [`compacted ${this.at(compact_revision)}`]),
      ...(fragment ? ['fragment'] : []),
    ];
    return [...marks, ...events.map((event) => this.#showEvent(event))].join(' ');
  }

  #showEvent({ type, kv, prev_kv }: IEvent): string {
    const before = prev_kv === null ? '' : ` was (${this.showKv(prev_kv)})`;
    if (type === 'Put') return `PUT ${this.showKv(kv)}${before}`;
    const { value, create_revision, version, lease } = kv;
    const extra = value.length === 0 && create_revision === '0' && version === '0' && lease === '0' ? '' : ' with more';
    return `DELETE ${kv.key.toString('latin1')} m${this.at(kv.mod_revision)}${extra}${before}`;
  }
}

/** One expectation, by name. */
export type Cases = Readonly<Record<string, (context: Context) => Promise<void>>>;
