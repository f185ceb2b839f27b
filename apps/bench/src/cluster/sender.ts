/** The ways a Node process has to spread requests over providers, each as something that sends one and says how it ended. */
import { createBalancer } from '@lb/balancer';
import type { Random } from '@lb/core';
import { BalancedPool, type Dispatcher, Pool } from 'undici';

import type { Target, Way } from './protocol.ts';

export interface Sender {
  /** Resolves with the status once the whole answer is there. */
  send(path: string): Promise<number>;
  close(): Promise<void>;
}

/** Everything at its defaults, as somebody would have it who only read the first page of its documentation. */
export function createSender(way: Way, targets: readonly Target[], random: Random): Sender {
  switch (way) {
    case 'balancer': {
      const balancer = createBalancer({
        service: 'bench',
        discovery: targets.map((target) => ({ id: target.origin, state: 'serving', metadata: {}, ...target })),
        random,
      });
      return { send: async (path) => statusOf(await balancer.request(path)), close: () => balancer.close() };
    }
    case 'balancedPool': {
      // Takes no weights.
      const pool = new BalancedPool(targets.map(({ origin }) => origin));
      return {
        send: async (path) => statusOf(await pool.request({ path, method: 'GET' })),
        close: () => pool.destroy(),
      };
    }
    case 'randomPools':
    case 'direct': {
      const pools = targets.map(({ origin, weight = 1 }) => ({ pool: new Pool(origin), weight }));
      const whole = pools.reduce((sum, { weight }) => sum + weight, 0);
      const pick = (): Pool | undefined => {
        let left = random() * whole;
        return pools.find(({ weight }) => (left -= weight) < 0)?.pool;
      };
      return {
        send: async (path) => {
          const pool = pick();
          if (pool === undefined) throw new Error('No target was given');
          return statusOf(await pool.request({ path, method: 'GET' }));
        },
        close: async () => void (await Promise.all(pools.map(({ pool }) => pool.destroy()))),
      };
    }
    default:
      return way satisfies never;
  }
}

async function statusOf({ statusCode, body }: Dispatcher.ResponseData): Promise<number> {
  await body.dump();
  return statusCode;
}
