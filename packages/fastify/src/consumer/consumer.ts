import { checkNumber, InvalidOptionError } from '@lb/core';
import { discover, type DiscoverOptions, type EtcdDiscovery } from '@lb/registry';
import type { Balancer, DiscoverySource } from '@lb/balancer';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';

import { stateOf } from '../service-state.ts';
import { type ServiceOptions, Services } from './services.ts';

/** Which services are called, how, and where they are found. */
export interface ConsumerOptions {
  /** Services to follow from the start. The app is not ready before each has an endpoint. Defaults to none. */
  readonly services?: readonly string[] | undefined;
  /** Where their endpoints are registered: as for `discover()` of `@lb/registry`. */
  readonly etcd?: Omit<DiscoverOptions, 'service'> | undefined;
  /**
   * In place of etcd, where the endpoints of a service come from: a list, or any discovery. A discovery with a
   * `close()` is closed with its balancer.
   */
  readonly discovery?: ((service: string) => DiscoverySource) | undefined;
  /** How the balancer of a service is made: all of `BalancerOptions`. Defaults to its defaults. A new policy each time, please. */
  readonly options?: ((service: string) => ServiceOptions) | undefined;
  /** Is told of each balancer that is made; what it returns is called when that is closed. For metrics: `(one) => metrics.watch(one)`. */
  readonly onOpen?: ((balancer: Balancer) => (() => void) | undefined) | undefined;
  /** Whether services may be asked for that are not among `services`. Defaults to false. `true` for the defaults. */
  readonly onDemand?: OnDemandOptions | boolean | undefined;
}

/** How many services to follow that were not named before, and for how long. */
export interface OnDemandOptions {
  /** Which ones. Defaults to all: whoever can reach this process can then reach every registered service. */
  readonly allow?: ((service: string) => boolean) | undefined;
  /** Most of them at once; each has a watch and connections of its own. Defaults to 32. */
  readonly max?: number | undefined;
  /** After how long without a request one is closed, in milliseconds. Defaults to 60 000. */
  readonly idleMs?: number | undefined;
}

/**
 * Sends requests to services: `app.lb.balancer('hash').request('/hash')`. Register it after `lameDuck` or `provider`. It closes when
 * the app has answered everything: balancers first, and the registry last.
 *
 * @throws {InvalidOptionError}
 */
export const consumer: FastifyPluginAsync<ConsumerOptions> = fp(
  async (app: FastifyInstance, options: ConsumerOptions) => {
    const { etcd, onDemand = false } = options;
    const { allow = () => true, max = 32, idleMs = 60_000 } = typeof onDemand === 'boolean' ? {} : onDemand;
    const state = stateOf(app);
    const services = new Services({
      discovery: options.discovery ?? discoverIn(etcd),
      options: options.options ?? (() => ({})),
      onOpen: options.onOpen ?? (() => undefined),
      allow: onDemand === false ? () => false : allow,
      maxOnDemand: checkNumber('onDemand.max', max, { min: 1, integer: true }),
      idleMs: checkNumber('onDemand.idleMs', idleMs, { min: 1, max: 2 ** 31 - 1 }),
    });
    for (const service of options.services ?? []) {
      services.add(service);
      const { pool } = services.balancer(service, 0);
      state.checks.set(service, () => (pool.size === 0 ? 'no endpoint' : 'ok'));
    }
    state.consumed = services;
    const sweep = setInterval(() => services.closeIdle(performance.now()), Math.min(idleMs, 10_000)).unref();
    app.addHook('onClose', async () => {
      clearInterval(sweep);
      await services.close();
    });
  },
  { name: '@lb/fastify-consumer', fastify: '5.x', dependencies: ['@lb/fastify-lame-duck'] },
);

function discoverIn(etcd: Omit<DiscoverOptions, 'service'> | undefined): (service: string) => EtcdDiscovery {
  if (etcd === undefined) throw new InvalidOptionError('etcd', 'given where "discovery" is not', etcd);
  return (service) => discover({ ...etcd, service });
}
