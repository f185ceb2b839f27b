/**
 * Which addresses a registration may name.
 *
 * Whoever can write one key decides where traffic goes, so what a key says is not trusted: a value that names a cloud's metadata
 * service, a link-local address or etcd itself would turn every consumer into a way in. Only addresses written in the one usual
 * way are taken (`127.1`, `2130706433` and `::ffff:127.0.0.1` all reach loopback, too), and only from ranges that are allowed.
 */
import { InvalidOptionError } from '@lb/core';
import { BlockList, isIPv4, isIPv6 } from 'node:net';

import { InvalidValueError } from './errors.ts';

/** Which addresses a registration may name, so that nobody who can write to etcd can send requests anywhere. */
export interface AddressPolicy {
  /**
   * Ranges that endpoints may be in, as `10.0.0.0/8` or `fd00::/8`. Defaults to the private ranges of RFC 1918, RFC 6598 and
   * RFC 4193, and to loopback when etcd itself is on this machine.
   */
  readonly allow?: readonly string[] | undefined;
}

/** Throws `InvalidValueError` for an origin that no request may go to. */
export type CheckAddress = (origin: string) => void;

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
const loopbackRanges = ['127.0.0.0/8', '::1/128'];

/** Returns the check for `policy`. O(ranges) a call. Throws `InvalidOptionError` for ranges that are none. */
export function addressCheck(policy: AddressPolicy, registryIsLocal: boolean): CheckAddress {
  const allowed = new Ranges(policy.allow ?? (registryIsLocal ? [...privateRanges, ...loopbackRanges] : privateRanges));
  return (origin) => {
    const match = /^https?:\/\/(?:(\d+\.\d+\.\d+\.\d+)|\[([0-9a-f:]+)\]):([1-9]\d{0,4})$/.exec(origin);
    const address = match?.[1] ?? match?.[2];
    if (address === undefined || !isCanonical(address) || Number(match?.[3]) > 65_535) {
      throw new InvalidValueError('the address is not http or https, an IP address in its usual form, and a port');
    }
    if (never.has(address)) throw new InvalidValueError('the address is one that no endpoint may have');
    if (!allowed.has(address)) throw new InvalidValueError('the address is outside the allowed ranges');
  };
}

/** Whether the address is spelled as a URL parser would spell it: no leading zeros, capitals or long runs of zeros. */
function isCanonical(address: string): boolean {
  if (isIPv4(address)) return URL.parse(`http://${address}:1/`)?.hostname === address;
  return isIPv6(address) && URL.parse(`http://[${address}]:1/`)?.hostname === `[${address}]`;
}

/** A set of ranges. IPv4 and IPv6 are kept apart, for `BlockList` takes an IPv4 address for its form within IPv6. */
class Ranges {
  readonly #v4 = new BlockList();
  readonly #v6 = new BlockList();

  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [, network = '', prefix] = /^(.+)\/(\d{1,3})$/.exec(range) ?? [];
      const bits = Number(prefix);
      if (isIPv4(network) && bits <= 32) this.#v4.addSubnet(network, bits, 'ipv4');
      else if (isIPv6(network) && bits <= 128) this.#v6.addSubnet(network, bits, 'ipv6');
      else throw new InvalidOptionError('addresses.allow', 'ranges such as 10.0.0.0/8', range);
    }
  }

  has(address: string): boolean {
    return isIPv4(address) ? this.#v4.check(address, 'ipv4') : this.#v6.check(address, 'ipv6');
  }
}

/** Whatever `allow` says. */
const never = new Ranges([
  '0.0.0.0/8', // this network
  '169.254.0.0/16', // link-local, with the metadata services of most clouds
  '192.0.0.0/24', // protocol assignments, with Oracle's metadata service
  '100.100.100.200/32', // Alibaba's metadata service
  '168.63.129.16/32', // Azure's wire server
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  '::/128', // unspecified
  '::ffff:0:0/96', // IPv4 in IPv6
  '64:ff9b::/96', // IPv4 behind a translator
  '2002::/16', // IPv4 in 6to4
  'fe80::/10', // link-local
  'ff00::/8', // multicast
  'fd00:ec2::254/128', // Amazon's metadata service
]);
