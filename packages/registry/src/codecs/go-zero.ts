/**
 * The layout of go-zero's service discovery: `<key>/<id>`, each value an address, such as `10.0.0.5:8080`, and nothing else.
 *
 * There is no room for a weight, a limit, a zone or metadata: an endpoint that has them loses them here, for all readers.
 */
import { InvalidOptionError } from '@lb/core';

import type { Codec } from './codec.ts';

/** How go-zero's services are found. */
export interface GoZeroOptions {
  /** go-zero's `Key` for a service. Defaults to the name of the service itself, such as `user.rpc`. */
  readonly keyOf?: ((service: string) => string) | undefined;
  /** How consumers reach the addresses, which do not say it; what is reached otherwise cannot be registered. Defaults to `http`. */
  readonly scheme?: 'http' | 'https' | undefined;
}

/** Reads and writes what go-zero does. A draining endpoint is taken out, since go-zero has no other word for it. */
export function goZero({ keyOf = (service) => service, scheme = 'http' }: GoZeroOptions = {}): Codec {
  if (scheme !== 'http' && scheme !== 'https') throw new InvalidOptionError('scheme', 'http or https', scheme);
  const prefix = (service: string): string => `${keyOf(service)}/`;
  return {
    name: 'goZero',
    prefix,
    key: (service, id) => prefix(service) + encodeURIComponent(id),
    encode: (_service, { origin, state }) => {
      const [own, address] = origin.split('://');
      if (own !== scheme) {
        // Whoever reads the address with this codec would speak the other one to it.
        throw new InvalidOptionError('endpoint', `reached by ${scheme}, the "scheme" of its codec`, origin);
      }
      return state === 'draining' ? undefined : address;
    },
    decode: (_service, name, value) => ({ id: decodeURIComponent(name), origin: `${scheme}://${value}` }),
  };
}
