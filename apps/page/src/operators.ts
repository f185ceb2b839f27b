/**
 * Who may act: people with a name and a token each, so that the event log and the registry say who did what.
 *
 * The token comes in a header that only a script of our own origin can set, and never in a cookie, so no other site can have a browser send it.
 */
import { InvalidOptionError } from '@lb/core';
import { createHash, timingSafeEqual } from 'node:crypto';

/** Whoever can guess a token can stop a service: 16 characters are 80 bits in base 32. */
const leastLength = 16;

export class Operators {
  readonly #digests = new Map<string, Buffer>();

  /** Token by name. Throws `InvalidOptionError`, which names who is wrong and not the token. */
  constructor(tokens: Readonly<Record<string, string>>) {
    for (const [name, token] of Object.entries(tokens)) {
      if (!/^[\w.@-]{1,64}$/.test(name)) {
        throw new InvalidOptionError('operators', 'names of letters, digits, dots, dashes, underscores and @', name);
      }
      if (!/^[\x21-\x7e]*$/.test(token) || token.length < leastLength) {
        throw new InvalidOptionError(
          'operators',
          `tokens of at least ${leastLength} printable characters`,
          `another one for ${name}`,
        );
      }
      this.#digests.set(name, digest(token));
    }
  }

  get size(): number {
    return this.#digests.size;
  }

  /** Who sent `Bearer <token>`; `undefined` for nobody we know. Takes as long for any token. */
  find(authorization: string | undefined): string | undefined {
    const token = /^bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const given = digest(token);
    let found: string | undefined;
    for (const [name, expected] of this.#digests) if (timingSafeEqual(given, expected)) found = name;
    return found;
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
