import type { Figures } from './figures.ts';
import { constantTime, hashes, linearTime } from './subjects.ts';

/** A figure that is to be no more than its bound. */
export interface SpeedPromise {
  readonly what: string;
  readonly figure: number;
  readonly bound: number;
}

/** What is promised of speed, worked out from the figures; NaN where one is missing, which no bound holds. */
export function promises(all: readonly Figures[]): SpeedPromise[] {
  const of = (name: string, size: number, field: 'pick' | 'cycle' | 'update' | 'growth'): number =>
    all.find((one) => one.name === name && one.size === size && one[field] !== undefined)?.[field] ?? NaN;
  const ratio = (name: string, size: number): number => {
    const figures = all.find((one) => one.name === name && one.size === size && one.pick !== undefined);
    return (figures?.pick ?? NaN) / (figures?.floor ?? NaN);
  };
  const sizes = [3, 100, 1000, 10_000];
  const rivals = [
    { rival: 'hashring, many keys', names: hashes },
    { rival: 'consistent-hash, many keys', names: hashes },
    // Ring against ring, as even as each other: of 40 points the busiest of a hundred has 1.4 to 1.55 of its share, of 160 up to 1.24.
    { rival: 'consistent-hash, 160 points', names: ['ketama'] },
  ];
  return [
    ...constantTime.map((name) => ({
      what: `${name}: a pick among 10 000 over one among 3`,
      figure: of(name, 10_000, 'pick') / of(name, 3, 'pick'),
      bound: 2,
    })),
    ...sizes.map((size) => ({ what: `p2c among ${size} over a bare index`, figure: ratio('p2c', size), bound: 6 })),
    ...sizes.map((size) => ({
      what: `p2cLatency among ${size} over a bare index`,
      figure: ratio('p2cLatency', size),
      bound: 10,
    })),
    ...sizes.map((size) => ({
      what: `p2cLatency among ${size}: nanoseconds of pick, begin and end`,
      figure: of('p2cLatency', size, 'cycle'),
      bound: 250,
    })),
    ...[...constantTime, ...hashes].map((name) => ({
      what: `${name}: bytes a pick`,
      figure: of(name, 100, 'growth') / 1e7,
      // The least that anything takes is sixteen; the rest is what measuring takes.
      bound: 1,
    })),
    ...[...constantTime, ...linearTime, 'rendezvous', 'boundedLoad(rendezvous)', 'jump'].map((name) => ({
      what: `${name}: milliseconds of a change among 10 000, with the first pick`,
      figure: of(name, 10_000, 'update') / 1e6,
      bound: 2,
    })),
    ...rivals.flatMap(({ rival, names }) =>
      names.map((name) => ({
        what: `three picks of ${name} over one of ${rival}, among 100`,
        figure: (3 * of(name, 100, 'pick')) / of(rival, 100, 'pick'),
        bound: 1,
      })),
    ),
  ];
}
