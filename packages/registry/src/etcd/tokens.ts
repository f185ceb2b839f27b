import { EtcdError } from '../errors.ts';
import type { EtcdAuthOptions } from './etcd-options.ts';

type Authenticate = (credentials: EtcdAuthOptions) => Promise<string>;

/**
 * The token that stands for user and password: asked for when first needed, and again when etcd no longer takes it.
 *
 * One at a time for all calls that wait for it. etcd checks a password slowly on purpose, so twenty calls that find their token
 * expired and ask for one each keep it busy for seconds. There is no refresh ahead of time: a token lives five minutes beyond its
 * last use, and is used more often than that, or is a signed one, whose lifetime only etcd knows.
 */
export class Tokens {
  readonly #credentials: () => EtcdAuthOptions;
  #known: { readonly token: string | undefined } | undefined;
  #asking: Promise<string | undefined> | undefined;
  readonly #closing = new AbortController();

  /** `credentials` is asked each time, so that a password may change while we run. */
  constructor(credentials: () => EtcdAuthOptions) {
    this.#credentials = credentials;
  }

  /**
   * The token, which `authenticate` gets if there is none; `undefined` while etcd has authentication off. Rejects with what
   * `authenticate` rejects with, and is then asked for anew by the next.
   */
  async get(authenticate: Authenticate): Promise<string | undefined> {
    if (this.#known !== undefined) return this.#known.token;
    this.#asking ??= this.#ask(authenticate).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** Aborts when nobody needs a token any more. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Ends the asking for a token. */
  close(): void {
    this.#closing.abort();
  }

  /** Takes in that a call with `token` failed. Returns whether it may do better with another token. */
  doubt(token: string | undefined, error: unknown): boolean {
    if (!(error instanceof EtcdError)) return false;
    const refused = error.code === 'ERR_ETCD_UNAUTHENTICATED';
    // etcd before 3.5 refuses a watch with an expired token as one without permission.
    const suspicious = refused || (error.code === 'ERR_ETCD_DENIED' && error.call === 'watch');
    if (suspicious && this.#known?.token === token) this.#known = undefined;
    return refused;
  }

  async #ask(authenticate: Authenticate): Promise<string | undefined> {
    const token = await authenticate(this.#credentials()).catch((error: unknown) => {
      if (error instanceof EtcdError && error.code === 'ERR_ETCD_AUTH_OFF') return undefined;
      throw error;
    });
    this.#known = { token };
    return token;
  }
}
