import { expect, it } from 'vitest';

import { Services, type ServicesOptions } from './services.ts';

function build(options: Partial<ServicesOptions> = {}): { services: Services; closed: string[] } {
  const closed: string[] = [];
  const services = new Services({
    discovery: (service) => ({
      async *[Symbol.asyncIterator]() {
        yield { revision: 1, endpoints: [] };
        await new Promise(() => {});
      },
      close: async () => void closed.push(service),
    }),
    options: () => ({}),
    allow: () => true,
    onOpen: () => undefined,
    maxOnDemand: 2,
    idleMs: 1000,
    ...options,
  });
  return { services, closed };
}

const names = (services: Services): string[] => [...services.followed.keys()];

it('opens a service once, when it is first asked for', async () => {
  const { services } = build();
  const balancer = services.balancer('a', 0);
  expect(services.balancer('a', 1)).toBe(balancer);
  expect(names(services)).toEqual(['a']);
  await services.close();
});

it('closes what nobody has asked for in a while, and keeps what was named', async () => {
  const { services, closed } = build();
  services.add('stays');
  services.balancer('a', 0);
  services.balancer('b', 500);
  services.closeIdle(1200);
  expect(names(services)).toEqual(['stays', 'b']);
  await expect.poll(() => closed).toEqual(['a']);
  services.closeIdle(9000);
  expect(names(services)).toEqual(['stays']);
  await services.close();
  expect(closed.toSorted()).toEqual(['a', 'b', 'stays']);
  expect(() => services.balancer('a', 0)).toThrow(expect.objectContaining({ code: 'ERR_BALANCER_CLOSED' }));
});

it('makes room by closing what was used longest ago', async () => {
  const { services } = build();
  services.add('stays');
  services.balancer('a', 0);
  services.balancer('b', 1);
  services.balancer('a', 2);
  services.balancer('c', 3);
  expect(names(services)).toEqual(['stays', 'a', 'c']);
  await services.close();
});

it('does not close what has requests under way, and so may have no room', async () => {
  const { services } = build({ maxOnDemand: 1, options: () => ({ timeoutMs: 0 }) });
  const waiting = services
    .balancer('a', 0)
    .request('/')
    .catch((error: Error) => error);
  expect(() => services.balancer('b', 1)).toThrow(expect.objectContaining({ code: 'ERR_TOO_MANY_SERVICES' }));
  services.closeIdle(99_999);
  expect(names(services)).toEqual(['a']);
  await services.close();
  expect(await waiting).toBeInstanceOf(Error);
});

it.each(['', 'a/b', '../a', '-a', 'ä', 'a'.repeat(129)])('knows no service %j', (name) => {
  expect(() => build().services.balancer(name, 0)).toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_SERVICE' }));
});

it('asks whether a service may be opened', () => {
  const { services } = build({ allow: (service) => service === 'mine' });
  expect(() => services.balancer('yours', 0)).toThrow(expect.objectContaining({ statusCode: 404 }));
  services.balancer('mine', 0);
  expect(names(services)).toEqual(['mine']);
});

it('tells that a balancer is closed only when nothing is under way in it any more', async () => {
  const told: string[] = [];
  const { services } = build({
    options: () => ({ timeoutMs: 0, drainTimeoutMs: 10 }),
    onOpen: () => () => void told.push('closed'),
  });
  const waiting = services
    .balancer('a', 0)
    .request('/')
    .catch(() => told.push('answered'));
  await services.close();
  await waiting;
  expect(told).toEqual(['answered', 'closed']);
});

it('tells of each balancer when it is made, and when it is closed', async () => {
  const told: string[] = [];
  const { services } = build({
    onOpen: ({ pool }) => {
      told.push(`${pool.service} opened`);
      return () => void told.push(`${pool.service} closed`);
    },
  });
  services.add('stays');
  services.balancer('a', 0);
  services.closeIdle(2000);
  await expect.poll(() => told).toEqual(['stays opened', 'a opened', 'a closed']);
  await services.close();
  expect(told).toEqual(['stays opened', 'a opened', 'a closed', 'stays closed']);
});
