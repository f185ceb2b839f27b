import fc from 'fast-check';
import { expect, it } from 'vitest';

import { failure, ignored, success } from '../outcome.ts';
import { seededRandom } from '../random.ts';
import { FailureShare } from './failure-share.ts';

const bad = failure('status');

it('asks exactly when 20 in the window have failed at 30 %, and twice as often as the rest', () => {
  const step = fc.record({
    peer: fc.integer({ min: 0, max: 2 }),
    outcome: fc.constantFrom(success, success, success, bad, bad, ignored, failure('overload')),
    afterMs: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 500, 2000, -30)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const detector = new FailureShare();
      const sensors = [detector.watch(), detector.watch(), detector.watch()];
      const samples: { peer: number; failed: boolean; bucket: number }[] = [];
      let now = 0;
      let latest = -Infinity;
      for (const { peer, outcome, afterMs } of steps) {
        now += afterMs;
        latest = Math.max(latest, now);
        const bucket = Math.floor(latest / 100);
        const counts = outcome === success || outcome === bad;
        if (counts) samples.push({ peer, failed: outcome === bad, bucket });
        const recent = samples.filter((sample) => sample.bucket > bucket - 10);
        const own = recent.filter((sample) => sample.peer === peer);
        const rest = recent.filter((sample) => sample.peer !== peer);
        const failed = (list: typeof samples) => list.filter((sample) => sample.failed).length;
        const restShare = (failed(rest) + 1) / (rest.length + 2);
        const expected =
          outcome === bad &&
          own.length >= 20 &&
          failed(own) >= 0.3 * own.length &&
          failed(own) >= 2 * restShare * own.length;
        expect(sensors[peer]!.record(outcome, 1, now)).toBe(expected);
      }
    }),
  );
});

it('finds the one of four that fails half, within a third of a second at 300 requests a second', () => {
  const detector = new FailureShare();
  const sensors = [0, 1, 2, 3].map(() => detector.watch());
  const random = seededRandom(5);
  let found: number | undefined;
  for (let request = 0; request < 300 && found === undefined; request += 1) {
    const peer = request % 4;
    const outcome = peer === 0 && random() < 0.5 ? bad : success;
    const now = (request * 1000) / 300;
    if (sensors[peer]!.record(outcome, 1, now)) found = now;
  }
  expect(found).toBeLessThan(333);
});

it('leaves a pool alone in which everybody fails 30 %, but for one peer in a hundred seconds', () => {
  const detector = new FailureShare();
  const sensors = [0, 1, 2, 3].map(() => detector.watch());
  const random = seededRandom(8);
  const seconds = new Set<number>();
  for (let request = 0; request < 30_000; request += 1) {
    const now = (request * 1000) / 300;
    if (sensors[request % 4]!.record(random() < 0.3 ? bad : success, 1, now)) seconds.add(Math.floor(now / 1000));
  }
  expect(seconds.size).toBeLessThanOrEqual(1);
});

it('takes a rest that it knows nothing of for failing half: alone, only a peer that fails everything stands out', () => {
  const alone = (failures: number) => {
    const sensor = new FailureShare().watch();
    for (let request = failures; request < 20; request += 1) sensor.record(success, 1, 0);
    return Array.from({ length: failures }, () => sensor.record(bad, 1, 0)).at(-1);
  };
  expect([alone(19), alone(20)]).toEqual([false, true]);
});

it('compares with nobody when the ratio is 0', () => {
  const detector = new FailureShare({ ratio: 0, minRequests: 4 });
  const [one, other] = [detector.watch(), detector.watch()];
  const asked = Array.from({ length: 4 }, () => [one.record(bad, 1, 0), other.record(bad, 1, 0)]);
  expect(asked.at(-1)).toEqual([true, true]);
});

it.each([{ share: 0 }, { share: 1.1 }, { minRequests: 0 }, { ratio: -1 }, { windowMs: 0 }])('refuses %o', (options) => {
  expect(() => new FailureShare(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
