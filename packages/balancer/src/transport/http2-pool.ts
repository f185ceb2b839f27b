/**
 * The connections to one peer that may speak HTTP/2: undici's Pool, which finds out what is spoken, and how many requests a connection
 * takes, but with Clients that it does not lose.
 *
 * A Client says false when it has no room for another request, and tells later that it has. It says the same of a request that it refuses,
 * for a header that may not be sent say, and then tells nothing later: the Pool (undici 8.12) would never use it again, and if that was
 * the first request, would have all others wait for it.
 */
import { Client, type Dispatcher, Pool } from 'undici';

export function http2Pool(origin: string, options: Pool.Options): Pool {
  return new Pool(origin, { ...options, factory: (url, clientOptions) => new PooledClient(url, clientOptions) });
}

class PooledClient extends Client {
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const before = this.stats.size;
    // What it has taken counts until it is done.
    return super.dispatch(options, handler) || this.stats.size === before;
  }
}
