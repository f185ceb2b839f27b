import type { Way } from '../sender.ts';
import type { Proxy } from '../proxies.ts';

/** Something that spreads requests: a way within the client's process, or a connection to a proxy that does it. */
export interface Subject {
  readonly name: string;
  readonly way: Way;
  readonly proxy?: Proxy;
  /** Stands for all slots behind one queue. */
  readonly oneQueue?: true;
  /** Is what weights cannot be given to. */
  readonly unweighted?: true;
}

const haproxy = (balance: string, retries = false): Proxy => ({ kind: 'haproxy', balance, retries });
const nginx = (balance: string, retries = false): Proxy => ({ kind: 'nginx', balance, retries });

export const oneQueue: Subject = { name: 'one queue, all slots', way: 'direct', oneQueue: true };
export const ours: Subject = { name: '@lb/balancer', way: 'balancer' };
export const roundRobin: Subject = { name: 'HAProxy roundrobin', way: 'direct', proxy: haproxy('roundrobin') };
export const leastConnections: readonly Subject[] = [
  { name: 'HAProxy leastconn', way: 'direct', proxy: haproxy('leastconn') },
  { name: 'nginx least_conn', way: 'direct', proxy: nginx('least_conn') },
];
export const randomTwo: Subject = { name: 'HAProxy random(2)', way: 'direct', proxy: haproxy('random(2)') };
export const balancedPool: Subject = { name: 'undici BalancedPool', way: 'balancedPool', unweighted: true };
export const balancedPoolRetrying: Subject = {
  name: 'undici BalancedPool, retry interceptor',
  way: 'balancedPool.retry',
  unweighted: true,
};
export const randomPools: Subject = { name: 'undici Pools, random', way: 'randomPools' };
/** The same proxies, told that a 503 may be tried elsewhere, too. */
export const retrying: readonly Subject[] = [
  { name: 'HAProxy leastconn, retry-on', way: 'direct', proxy: haproxy('leastconn', true) },
  { name: 'nginx least_conn, next on 503', way: 'direct', proxy: nginx('least_conn', true) },
];
