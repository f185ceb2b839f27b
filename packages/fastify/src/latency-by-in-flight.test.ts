import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LatencyByInFlight } from './latency-by-in-flight.ts';

describe('LatencyByInFlight', () => {
  it('gives the median of what came when as much was held', () => {
    const latencies = new LatencyByInFlight();
    for (const ms of [10, 11, 12, 13, 500]) latencies.record(3, ms, 0);
    for (const ms of [100, 110, 120, 130, 140]) latencies.record(40, ms, 0);
    expect(latencies.estimate(3, 0)).toBe(12);
    expect(latencies.estimate(41, 0)).toBe(120);
  });

  it('takes from the nearest when there is too little', () => {
    const latencies = new LatencyByInFlight();
    latencies.record(10, 50, 0);
    latencies.record(12, 70, 0);
    latencies.record(0, 5, 0);
    expect(latencies.estimate(11, 0)).toBe(50);
    expect(latencies.estimate(2 ** 30, 0)).toBe(50);
  });

  it('knows nothing at the beginning, and of what is long past', () => {
    const latencies = new LatencyByInFlight();
    expect(latencies.estimate(5, 0)).toBe(0);
    latencies.record(5, 900, 0);
    expect(latencies.estimate(5, 9999)).toBe(900);
    expect(latencies.estimate(5, 10_001)).toBe(0);
  });

  it('keeps the latest samples of each number only', () => {
    const latencies = new LatencyByInFlight();
    for (let count = 0; count < 100; count += 1) latencies.record(2, 1000, count);
    for (let count = 0; count < 16; count += 1) latencies.record(2, 10, 100 + count);
    expect(latencies.estimate(2, 120)).toBe(10);
  });

  it('never gives what nobody measured', () => {
    const sample = fc.record({ inFlight: fc.nat(5000), ms: fc.integer({ min: 1, max: 10_000 }) });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 200 }), fc.nat(6000), (samples, at) => {
        const latencies = new LatencyByInFlight();
        for (const { inFlight, ms } of samples) latencies.record(inFlight, ms, 1);
        expect(samples.map(({ ms }) => ms)).toContain(latencies.estimate(at, 2));
      }),
    );
  });
});
