import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const length = 16;

/** Tokens that stand for a user until they have not been used for a while: etcd's "simple" tokens. */
export class Tokens {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #owners = new Map<string, { readonly user: string; readonly endsAt: number }>();

  constructor(clock: Clock, ttlMs: number) {
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /** A new token for `user`. etcd ends it with the index in its log at which the user logged in. */
  issue(user: string, index: number): string {
    this.#forgetOld();
    const secret = Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
    const token = `${secret}.${index}`;
    this.#own(token, user);
    return token;
  }

  /** The user that `token` stands for, for a while longer from now; undefined when it stands for nobody. */
  userOf(token: string): string | undefined {
    const owner = this.#owners.get(token);
    if (owner === undefined || owner.endsAt <= this.#clock.now()) return undefined;
    this.#own(token, owner.user);
    return owner.user;
  }

  /** Forgets the tokens of `user`. */
  forgetUser(user: string): void {
    for (const [token, owner] of this.#owners) if (owner.user === user) this.#owners.delete(token);
  }

  /** Forgets all tokens. */
  clear(): void {
    this.#owners.clear();
  }

  #own(token: string, user: string): void {
    this.#owners.set(token, { user, endsAt: this.#clock.now() + this.#ttlMs });
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [token, { endsAt }] of this.#owners) if (endsAt <= now) this.#owners.delete(token);
  }
}
