/** The picture as real processes: what `pnpm dev` runs, on whatever ports are free. */
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { System } from '../src/system.ts';
import { waitUntilReady } from '../src/wait-until-ready.ts';

const said: string[] = [];
// Whether it sheds load on a busy machine is not the question here.
const system = new System((line) => said.push(line), { consumerEnv: { MAX_EVENT_LOOP_DELAY_MS: '0' } });
let origin = '';

beforeAll(async () => {
  origin = await system.start(undefined);
  await waitUntilReady(
    origin,
    undefined,
    (line) => said.push(line),
    () => false,
  );
});
afterAll(() => system.stop());

interface State {
  readonly registry: { readonly revision: number; readonly stale: unknown };
  readonly peers: readonly { readonly name: string; readonly weight: number; readonly inFlight: number }[];
}

const state = async (): Promise<State> => {
  const { body } = await request(`${origin}/lb/state.json`);
  return JSON.parse(await body.text());
};
const names = async (): Promise<string[]> => (await state()).peers.map(({ name }) => name).toSorted();

/** Sends `count` requests, eight at a time, and counts who answered. */
async function spread(count: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let left = count;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { body } = await request(`${origin}/hash?text=hello`);
      const answer: unknown = await body.json();
      const provider = String(Reflect.get(Object(answer), 'provider'));
      counts[provider] = (counts[provider] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return counts;
}

it('comes up with three providers of weights 1:2:3, found through etcd', async () => {
  await expect.poll(names).toEqual(['large', 'medium', 'small']);
  // A busy machine may have missed an answer of etcd, and then says so for a moment.
  await expect.poll(async () => (await state()).registry, { timeout: 10_000 }).toMatchObject({ stale: false });
  const { peers } = await state();
  expect(Object.fromEntries(peers.map(({ name, weight }) => [name, weight]))).toEqual({
    small: 1,
    medium: 2,
    large: 3,
  });
});

it('spreads requests 1:2:3, and each answer is right', async () => {
  const counts = await spread(600);
  // The consumer has checked every hash; a wrong one, or none, would show as an answer of nobody.
  expect(Object.keys(counts).toSorted()).toEqual(['large', 'medium', 'small']);
  expect(counts['small']).toBeGreaterThan(60);
  expect(counts['small']).toBeLessThan(160);
  expect(counts['large']).toBeGreaterThan(counts['medium'] ?? 0);
  expect(counts['medium']).toBeGreaterThan(counts['small'] ?? 0);
});
