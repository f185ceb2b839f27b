/** The ways a Node process has to spread requests over providers, each as something that sends one and says how it ended. */
import { createBalancer } from '@lb/balancer';
import type { Random } from '@lb/core';
import { Agent, BalancedPool, type Dispatcher, fetch, interceptors, Pool, type Response } from 'undici';

/** A place that a client may send to, and its share if it is told. */
export interface Target {
  readonly origin: string;
  readonly weight?: number;
}

/** How a client process reaches its targets: the code of its own that it measures, or nothing but a connection. */
export type Way =
  | 'balancer'
  | 'balancer.fetch'
  | 'balancedPool'
  | 'balancedPool.retry'
  | 'randomPools'
  | 'direct'
  | 'fetch';

export interface Sender {
  /** Resolves with the status once the whole answer is there. */
  send(path: string): Promise<number>;
  close(): Promise<void>;
}

/**
 * Everything at its defaults, as somebody would have it who only read the first page of its documentation; but `connections` limits
 * those to one target, where the default of undici is none and that of the balancer 64.
 */
export function createSender(way: Way, targets: readonly Target[], random: Random, connections?: number): Sender {
  const limited = connections === undefined ? {} : { connections };
  switch (way) {
    case 'balancer':
    case 'balancer.fetch': {
      const balancer = createBalancer({
        service: 'bench',
        discovery: targets.map((target) => ({ id: target.origin, state: 'serving', metadata: {}, ...target })),
        random,
        ...(connections !== undefined && { connectionsPerPeer: connections }),
      });
      return {
        send:
          way === 'balancer'
            ? async (path) => statusOf(await balancer.request(path))
            : async (path) => fetched(await balancer.fetch(path)),
        close: () => balancer.close(),
      };
    }
    case 'balancedPool':
    case 'balancedPool.retry': {
      // Takes no weights.
      const pool = new BalancedPool(
        targets.map(({ origin }) => origin),
        limited,
      );
      // At its defaults, the interceptor waits half a second before a retry; as near to the balancer's as it goes.
      const dispatcher =
        way === 'balancedPool'
          ? pool
          : pool.compose(interceptors.retry({ maxRetries: 2, minTimeout: 25, maxTimeout: 250, statusCodes: [503] }));
      return {
        // An origin is asked for, and not looked at.
        send: async (path) => statusOf(await dispatcher.request({ origin: 'http://any', path, method: 'GET' })),
        close: () => pool.destroy(),
      };
    }
    case 'randomPools':
    case 'direct': {
      const pools = targets.map(({ origin, weight = 1 }) => ({ pool: new Pool(origin, limited), weight }));
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
    case 'fetch': {
      const [target] = targets;
      const agent = new Agent(limited);
      return {
        send: async (path) => fetched(await fetch(`${target?.origin}${path}`, { dispatcher: agent })),
        close: () => agent.destroy(),
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

async function fetched(response: Response): Promise<number> {
  await response.arrayBuffer();
  return response.status;
}
