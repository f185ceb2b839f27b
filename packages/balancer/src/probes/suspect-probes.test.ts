import { expect, it } from 'vitest';

import { FakeNetwork } from '../../test/support/fake-network.ts';
import { type SuspectProbeOptions, SuspectProbes } from './suspect-probes.ts';

/** A network of peers, most of which the registry has just forgotten, and what asks them. */
function setUp(options: Partial<SuspectProbeOptions> = {}, names = ['a', 'b', 'c', 'd']) {
  const purged: string[] = [];
  const network = new FakeNetwork({
    peers: names,
    random: () => 0.5,
    pool: {
      suspicion: true,
      onPurge: ({ id }) => {
        purged.push(id);
        probes.follow(clock.now());
      },
    },
  });
  const { pool, environment, wheel, clock } = network;
  const probes = new SuspectProbes(
    { path: '/livez', ...options },
    { pool, connect: environment.connect, wheel, now: clock.now, random: () => 0.5 },
  );
  const forget = (...kept: string[]): void => {
    network.update(...kept);
    probes.follow(clock.now());
  };
  return { network, probes, purged, forget, clock };
}

it('asks nobody while there are no suspects', () => {
  const { network, forget, clock } = setUp();
  forget('a', 'b', 'c', 'd');
  clock.advance(10_000);
  expect([network.dispatches, network.wheel.size]).toEqual([[], 0]);
});

it('asks each suspect about once a second, in turn', () => {
  const { network, forget, clock } = setUp();
  forget();
  const suspects = [...network.pool.peers].filter(({ suspect }) => suspect).length;
  expect(suspects).toBe(2);
  network.onDispatch = (dispatch) => dispatch.start().answer(204);
  clock.advance(5000);
  expect(network.dispatches.length).toBeGreaterThanOrEqual(9);
  expect(network.dispatches.length).toBeLessThanOrEqual(11);
  expect(new Set(network.tried.slice(0, 2)).size).toBe(2);
  expect(network.last.options).toMatchObject({ path: '/livez', method: 'GET' });
  expect(network.pool.size).toBe(2);
});

it('gives the name that calls give, so that both can use the same connections', () => {
  const network = new FakeNetwork({ peers: ['a', 'b', 'c'], pool: { suspicion: true } });
  const { pool, environment, wheel, clock } = network;
  const connect: typeof environment.connect = (...to) => ({ ...environment.connect(...to), servername: 'a.internal' });
  const tools = { pool, connect, wheel, now: clock.now, random: () => 0.5 };
  const probes = new SuspectProbes({ path: '/livez' }, tools);
  network.update();
  probes.follow(clock.now());
  clock.advance(2000);
  expect(network.last.options).toMatchObject({ path: '/livez', servername: 'a.internal' });
});

it('asks all of them no more often than it may', () => {
  const { network, forget, clock } = setUp(
    { perSecond: 5 },
    Array.from({ length: 100 }, (_, index) => `p${index}`),
  );
  forget();
  network.onDispatch = (dispatch) => dispatch.start().answer();
  clock.advance(4000);
  expect(network.dispatches.length).toBeLessThanOrEqual(20);
});

it.each([
  ['refuses', (dispatch: FakeNetwork['last']) => void dispatch.fail('ECONNREFUSED')],
  ['answers badly', (dispatch: FakeNetwork['last']) => void dispatch.start().answer(503)],
  ['says nothing', (dispatch: FakeNetwork['last']) => void dispatch.start()],
  ['never connects', () => {}],
])('drops a suspect that %s twice, and not before', (_what, answer) => {
  const { network, purged, forget, clock } = setUp({}, ['a', 'b', 'c']);
  forget('c');
  network.onDispatch = answer;
  const [suspect] = [...network.pool.peers].filter(({ suspect: is }) => is);
  clock.advance(1600);
  expect([network.dispatches.length, purged]).toEqual([1, []]);
  clock.advance(1100);
  expect(purged).toEqual([suspect?.id]);
  clock.advance(5000);
  expect([network.dispatches.length, network.wheel.size]).toEqual([2, 0]);
  for (const dispatch of network.dispatches) expect(dispatch.over || !dispatch.started).toBe(true);
});

it('forgives one failure for a good answer', () => {
  const { network, purged, forget, clock } = setUp({}, ['a', 'b', 'c']);
  forget('c');
  let asked = 0;
  network.onDispatch = (dispatch) => void dispatch.start().answer((asked += 1) % 2 === 0 ? 200 : 500);
  clock.advance(10_000);
  expect([asked > 5, purged]).toEqual([true, []]);
});

it('leaves a suspect alone that is listed again, whatever its probe comes to', () => {
  const { network, purged, forget, clock } = setUp({}, ['a', 'b', 'c']);
  forget('c');
  network.onDispatch = (dispatch) => void dispatch.start();
  clock.advance(1200);
  forget('a', 'b', 'c');
  network.last.fail();
  clock.advance(5000);
  expect([network.dispatches.length, purged, network.wheel.size]).toEqual([1, [], 0]);
});

it('ends what it has begun when it is stopped', () => {
  const { network, probes, forget, clock } = setUp({}, ['a', 'b', 'c']);
  forget('c');
  network.onDispatch = (dispatch) => void dispatch.start();
  clock.advance(1200);
  probes.stop();
  expect([network.last.aborted === undefined, network.wheel.size]).toEqual([false, 0]);
});

it.each([
  { option: 'probe.path', options: { path: 'livez' } },
  { option: 'probe.timeoutMs', options: { timeoutMs: 0 } },
  { option: 'probe.perSecond', options: { perSecond: 0 } },
])('refuses $options', ({ option, options }) => {
  expect(() => setUp(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }));
});
