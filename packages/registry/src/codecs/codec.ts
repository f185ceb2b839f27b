import type { Endpoint } from '@lb/core';

/** How endpoints are laid out in etcd. A codec is one small object; see `etcdNaming` for the default. */
export interface Codec {
  readonly name: string;
  /** What every key of `service` begins with. */
  prefix(service: string): string;
  /** The key of one endpoint: the prefix and whatever names it. */
  key(service: string, id: string): string;
  /** The value of one endpoint. */
  encode(service: string, endpoint: Endpoint): string;
  /**
   * What a value says, not yet believed: whatever comes back is checked field by field. `name` is the key without the prefix.
   * May throw; the key is then skipped and published as invalid.
   */
  decode(service: string, name: string, value: string): EndpointClaim;
}

/** The fields of an endpoint as somebody wrote them. */
export type EndpointClaim = { readonly [Field in keyof Endpoint]?: unknown };
