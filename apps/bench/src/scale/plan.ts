/** What a fleet asks of etcd, from what each thing costs. All of it is arithmetic, so that it can be followed and argued with. */
import type { EtcdCosts } from './etcd-costs.ts';

export interface Fleet {
  readonly providers: number;
  readonly consumers: number;
  /** Services that the providers are spread over evenly; each consumer follows `followed` of them. */
  readonly services: number;
  readonly followed: number;
  readonly ttlSeconds: number;
  /** In how many seconds all providers are replaced once, when they are. */
  readonly deploySeconds: number;
}

export interface Load {
  readonly renewalsPerSecond: number;
  readonly comparisonsPerSecond: number;
  /** Changes while all is being deployed: a provider drains, goes, and comes. */
  readonly changesPerSecond: number;
  readonly deliveriesPerSecond: number;
  /** Cores of the cluster as a whole, at rest and while all is being deployed. */
  readonly coresAtRest: number;
  readonly coresInDeploy: number;
  readonly deployMegabytesPerSecond: number;
  /** Seconds of one core when all consumers list at once, as after an etcd that was wiped. */
  readonly listAllCoreSeconds: number;
}

/** As `discover()` has them: a comparison every 30 s for endpoints and another for overrides, a new list every 10 minutes. */
const compareEverySeconds = 30;
const listEverySeconds = 600;
const changesPerReplacement = 3;

export function loadOf(fleet: Fleet, costs: EtcdCosts): Load {
  const { providers, consumers, services, followed } = fleet;
  const perService = providers / services;
  const views = consumers * followed;
  const renewalsPerSecond = providers / (fleet.ttlSeconds / 3);
  const comparisonsPerSecond = views / compareEverySeconds;
  const changesPerSecond = (changesPerReplacement * providers) / fleet.deploySeconds;
  const deliveriesPerSecond = (changesPerSecond * views) / services;
  const listed = (views / listEverySeconds) * perService * costs.listedUs;
  const coresAtRest =
    (renewalsPerSecond * costs.renewalUs + comparisonsPerSecond * perService * costs.comparedUs + listed) / 1e6;
  return {
    renewalsPerSecond,
    comparisonsPerSecond,
    changesPerSecond,
    deliveriesPerSecond,
    coresAtRest,
    coresInDeploy: coresAtRest + (changesPerSecond * costs.changeUs + deliveriesPerSecond * costs.deliveryUs) / 1e6,
    deployMegabytesPerSecond: (deliveriesPerSecond * costs.deliveryBytes) / 1e6,
    listAllCoreSeconds: (views * perService * costs.listedUs) / 1e6,
  };
}
