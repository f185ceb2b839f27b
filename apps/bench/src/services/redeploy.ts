import { setTimeout as after } from 'node:timers/promises';

import { kinds, OpenLoop, percentile, type Shot } from './open-loop.ts';
import { atMost, none, type Situation } from './promise.ts';
import { System } from './system.ts';

const lingerMs = 1000;
const methods = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'PATCH'] as const;

/** Through the proxy, where a POST is what HTTP says it is: not to be sent twice. What a provider has no route for it answers with 404. */
function mixed(origin: string, index: number): Shot {
  const method = methods[index % methods.length] ?? 'GET';
  if (method === 'GET' || method === 'HEAD') return { origin, method, path: `/svc/hash/hash?text=${index}` };
  return { origin, method, path: '/svc/hash/hash', body: JSON.stringify({ text: String(index) }) };
}

export const redeploy: Situation = {
  about: 'All four providers are replaced, one after the other, under load of all methods',
  async run({ scale, perSecond }) {
    await using system = await System.start();
    const old = await system.providers(4, { LINGER_MS: String(lingerMs) });
    const { origin } = await system.consumer('consumer');
    const load = new OpenLoop({ perSecond, next: (index) => mixed(origin, index) });
    await after(1000 * scale);
    const ends = [];
    for (const [index, provider] of old.entries()) {
      await system.provider(`replacement-${index + 1}`, { LINGER_MS: String(lingerMs) });
      ends.push(await provider.stop());
      await after(500 * scale);
    }
    const sent = await load.stop();
    const failed = sent.filter(({ status }) => status === 0 || status >= 500);
    const longestMs = Math.max(...sent.map(({ elapsedMs }) => elapsedMs));
    const slowestEndMs = Math.max(...ends.map(({ afterMs }) => afterMs));
    return {
      promises: [
        none('no request of any method fails', failed.length, sent.length),
        none('every provider exits with 0', ends.filter(({ code }) => code !== 0).length, ends.length),
        atMost(
          'a provider is gone after linger, longest request and 200 ms:',
          slowestEndMs,
          lingerMs + longestMs + 200,
          ' ms',
        ),
      ],
      figures: {
        kinds: kinds(sent),
        endsMs: ends.map(({ afterMs }) => Math.round(afterMs)),
        longestMs: Math.round(longestMs),
        p99Ms: Math.round(
          percentile(
            sent.map(({ elapsedMs }) => elapsedMs),
            0.99,
          ),
        ),
      },
    };
  },
};
