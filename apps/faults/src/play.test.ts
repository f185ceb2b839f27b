import { setTimeout as after } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { play } from './play.ts';
import { type Finding, most, type Row, within } from './row.ts';

function row(run: Row['run'], needs: Row['needs'] = []): Row {
  return { name: 'test/row', fault: 'none', promise: 'none', needs, run };
}

const once = { headroom: 1 };

it('keeps a row whose findings all keep their promise', async () => {
  const { verdict, findings } = await play(
    row(async () => [most('failed', 0, 0), within('time', 100, 99)]),
    once,
  );
  expect([verdict, findings.length]).toEqual(['kept', 2]);
});

it('misses a row with one finding that does not, that measures nothing, or that breaks off', async () => {
  expect(
    (
      await play(
        row(async () => [most('failed', 0, 1), within('time', 100, 99)]),
        once,
      )
    ).verdict,
  ).toBe('missed');
  expect(
    (
      await play(
        row(async () => []),
        once,
      )
    ).verdict,
  ).toBe('missed');
  const broken = await play(
    row(() => Promise.reject(new Error('it broke'))),
    once,
  );
  expect(broken).toMatchObject({ verdict: 'missed', reason: 'it broke' });
});

it('stops what a row has started, whatever became of it', async () => {
  const stopped: string[] = [];
  await play(
    row(async (stage) => {
      stage.defer(() => stopped.push('first'));
      stage.defer(() => stopped.push('second'));
      throw new Error('it broke');
    }),
    once,
  );
  expect(stopped).toEqual(['second', 'first']);
});

it('skips a row whose needs are not met, and says why', async () => {
  const needs = process.platform === 'linux' ? [] : (['linux'] as const);
  const { verdict, reason } = await play(
    row(async () => [most('failed', 0, 0)], needs),
    once,
  );
  expect([verdict, reason]).toEqual(needs.length === 0 ? ['kept', undefined] : ['skipped', expect.any(String)]);
});

it('does not judge times where the processor was busy, and does judge counts', async () => {
  const busy = (finding: Finding): Row =>
    row(async () => {
      await after(20);
      const until = performance.now() + 150;
      while (performance.now() < until);
      await after(20);
      return [finding];
    });
  expect((await play(busy(within('time', 10, 11)), once)).verdict).toBe('unclear');
  expect((await play(busy(within('time', 10, NaN)), once)).verdict).toBe('missed');
  expect((await play(busy(most('failed', 0, 1)), once)).verdict).toBe('missed');
});
