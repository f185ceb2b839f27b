import type { Endpoint } from '@lb/core';
import { expect, it } from 'vitest';

import { Drains } from './drains.ts';

const a: Endpoint = { id: 'a', origin: 'http://a', state: 'serving', metadata: {} };
const b: Endpoint = { id: 'b', origin: 'http://b', state: 'serving', metadata: {} };

it('marks what drains, with the same object as long as the registry has nothing new', () => {
  const drains = new Drains();
  const snapshot = { revision: 1, endpoints: [a, b] };
  expect(drains.apply(snapshot)).toBe(snapshot);
  expect([drains.add('a'), drains.add('a')]).toEqual([true, false]);
  const marked = drains.apply(snapshot);
  expect(marked).toEqual({ revision: 1, endpoints: [{ ...a, state: 'draining' }, b] });
  expect(drains.apply(snapshot).endpoints[0]).toBe(marked.endpoints[0]);
  expect(drains.apply({ revision: 2, endpoints: [{ ...a, weight: 3 }] }).endpoints).toEqual([
    { ...a, weight: 3, state: 'draining' },
  ]);
});

it('forgets an id with its endpoint, and leaves what the registry says is draining', () => {
  const drains = new Drains();
  drains.add('a');
  const draining: Endpoint = { ...a, state: 'draining' };
  expect(drains.apply({ revision: 1, endpoints: [draining] }).endpoints[0]).toBe(draining);
  drains.apply({ revision: 2, endpoints: [b] });
  const back = { revision: 3, endpoints: [a, b] };
  expect(drains.apply(back)).toBe(back);
});
