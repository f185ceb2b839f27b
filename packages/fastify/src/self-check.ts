import { request as plain } from 'node:http';
import { request as secure } from 'node:https';

import { SelfCheckError } from './errors.ts';

const timeoutMs = 5000;

/** Asks the service at `origin` for `path` as its callers will, over a socket. Rejects with {@link SelfCheckError}. */
export function selfCheck(origin: string, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const what = `GET ${path}`;
  const options = { timeout: timeoutMs, agent: false, headers: { connection: 'close' } };
  // It is ourselves, by an address that our certificate need not name.
  const asked = origin.startsWith('https:')
    ? secure(`${origin}${path}`, { ...options, rejectUnauthorized: false })
    : plain(`${origin}${path}`, options);
  asked.on('response', (response) => {
    response.resume();
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 400) resolve();
    else reject(new SelfCheckError(`${what} gives ${statusCode}`));
  });
  asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)));
  asked.on('error', (cause) => reject(new SelfCheckError(`${what} fails (${cause.message})`, { cause })));
  asked.end();
  return promise;
}
