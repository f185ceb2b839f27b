import { expect, it } from 'vitest';

import { Registry } from './registry.ts';

const server = { id: 'a', slots: 1, zone: 'z' };

it('gives each run of a server an id of its own, and each snapshot a revision', () => {
  const registry = new Registry();
  expect(registry.register(server, 2)).toBe('a');
  expect(registry.register(server, undefined)).toBe('a#2');
  registry.remove('a');
  registry.amend('a#2', { state: 'draining' });
  expect(registry.snapshot()).toEqual({
    revision: 1,
    endpoints: [{ id: 'a#2', origin: 'http://a', zone: 'z', state: 'draining', metadata: {} }],
  });
  expect(registry.snapshot().revision).toBe(2);
});

it('is heard of after its lag, and after an outage', () => {
  const registry = new Registry({ lagMs: 10, outages: [{ fromMs: 100, untilMs: 200 }] });
  expect([0, 99, 100, 150, 200].map((now) => registry.heardAt(now))).toEqual([10, 109, 210, 210, 210]);
});

it('gives leases their whole time again after an outage', () => {
  const registry = new Registry({ leaseTtlMs: 50, outages: [{ fromMs: 100, untilMs: 200 }] });
  expect([0, 60, 150, 200].map((now) => registry.leaseEndsAt(now))).toEqual([50, 250, 250, 250]);
});
