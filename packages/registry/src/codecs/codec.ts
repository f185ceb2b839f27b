import { type Endpoint, InvalidOptionError } from '@lb/core';

/** How endpoints are laid out in etcd. A codec is one small object; see `etcdNaming` for the default. */
export interface Codec {
  /** For messages. */
  readonly name: string;
  /** What every key of `service` begins with, and no other key does: printable ASCII. */
  prefix(service: string): string;
  /** The key of one endpoint: the prefix and whatever names it. */
  key(service: string, id: string): string;
  /**
   * The value of one endpoint. `undefined` when the layout can say it only by the absence of the key: its own readers know no state
   * but being there. Throws `InvalidOptionError` for an endpoint that the layout cannot say without changing what it means.
   */
  encode(service: string, endpoint: Endpoint): string | undefined;
  /**
   * What a value says, not yet believed: whatever comes back is checked field by field. `name` is the key without the prefix.
   * May throw; the key is then skipped and published as invalid.
   */
  decode(service: string, name: string, value: string): EndpointClaim;
}

/** The fields of an endpoint as somebody wrote them. */
export type EndpointClaim = { readonly [Field in Exclude<keyof Endpoint, 'overridden'>]?: unknown };

/** What the keys of `service` begin with. Throws `InvalidOptionError` for a codec that does not say. */
export function prefixOf(codec: Codec, service: string): string {
  const prefix: unknown = codec.prefix(service);
  if (typeof prefix === 'string' && /^[\x21-\x7e]+$/.test(prefix)) return prefix;
  throw new InvalidOptionError('codec', 'one whose prefix is printable ASCII', prefix);
}
