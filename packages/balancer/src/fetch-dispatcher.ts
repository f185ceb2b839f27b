import { Dispatcher } from 'undici';

import type { Handler } from './call/caller.ts';
import { InvalidTargetError } from './errors.ts';
import type { LbOptions } from './options.ts';
import { tellError } from './tell-error.ts';

/**
 * What stands between `fetch` and the balancer: it gives each dispatch the options that `fetch` has no place for, and stops redirects
 * to elsewhere. `fetch` follows those by itself, with the dispatcher that it has, and every origin means the service there: a provider
 * that redirects to `http://other/secret` would be asked for its own `/secret`.
 */
export class FetchDispatcher extends Dispatcher {
  readonly #dispatcher: Dispatcher;
  readonly #origin: string;
  readonly #lb: LbOptions | undefined;

  constructor(dispatcher: Dispatcher, origin: string, lb: LbOptions | undefined) {
    super();
    this.#dispatcher = dispatcher;
    this.#origin = origin;
    this.#lb = lb;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    if (options.origin !== this.#origin) {
      tellError(handler, null, new InvalidTargetError(`${String(options.origin)}${options.path}`));
      return false;
    }
    const lb = this.#lb;
    return this.#dispatcher.dispatch(lb === undefined ? options : Object.assign({ lb }, options), handler);
  }
}
