import type { Discovery, Endpoint } from '@lb/core';
import { afterEach } from 'vitest';

import { type Balancer, type BalancerOptions, createBalancer } from '../../src/index.ts';
import { HttpProvider } from './http-provider.ts';

const cleanUp: (() => unknown)[] = [];

/** Has `task` done after the test, the last one first. */
export function after(task: () => unknown): void {
  cleanUp.push(task);
}

afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

export async function provider(...args: Parameters<typeof HttpProvider.start>): Promise<HttpProvider> {
  const started = await HttpProvider.start(...args);
  after(() => started.stop());
  return started;
}

/** A busy machine is no fault: tests that are about one of these times set it. */
const patience = { connectTimeoutMs: 60_000, attemptTimeoutMs: 60_000, timeoutMs: 60_000, drainTimeoutMs: 1000 };

/** A balancer over these providers. */
export function balance(
  options: Omit<BalancerOptions, 'service' | 'discovery'> & {
    readonly over: readonly (HttpProvider | Endpoint | string)[] | Discovery;
  },
): Balancer {
  const { over, ...rest } = options;
  const discovery =
    Symbol.asyncIterator in over ? over : over.map((one) => (one instanceof HttpProvider ? one.endpoint : one));
  const balancer = createBalancer({ service: 'hash', discovery, ...patience, ...rest });
  after(() => balancer.close());
  return balancer;
}
