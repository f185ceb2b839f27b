import {
  balancedPool,
  balancedPoolRetrying,
  leastConnections,
  oneQueue,
  ours,
  randomPools,
  randomTwo,
  retrying,
  roundRobin,
  type Subject,
} from './subjects.ts';

/** Slots of the providers: capacities 1:2:3, of which the weights are told or not. */
export const slots: readonly number[] = [4, 8, 12];
export const weights: readonly number[] = [1, 2, 3];
/** Long enough that the millisecond by which timers are late is small, short enough for 1200 requests a second, on a fraction of a core. */
export const meanWorkMs = 20;
/** What a caller might wait for: with no queue at all, one request in 150 takes longer. */
export const deadlineMs = 5 * meanWorkMs;
/** Most that wait at a provider, for each of its slots: 1 s of work. */
export const queuePerSlot = 50;

/** What happens to providers, as the harness does it. */
export interface Stage {
  /** Makes a provider, and its slots in the one queue, take `slowness` times as long. */
  slow(provider: number, slowness: number): Promise<void>;
  /** Whether a provider answers 503 at once. */
  fail(provider: number, failing: boolean): Promise<void>;
  kill(provider: number): Promise<void>;
  restart(provider: number): Promise<void>;
}

export interface Event {
  /** When, as a part of the run. */
  readonly at: number;
  readonly act: (stage: Stage) => Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly weighted: boolean;
  /** Requests that arrive, as a part of what all slots together can serve. */
  readonly load: number;
  readonly durationMs: number;
  readonly events: readonly Event[];
  readonly subjects: readonly Subject[];
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'known',
    title: 'Steady, capacities 1:2:3, weights told',
    weighted: true,
    load: 0.9,
    durationMs: 1600,
    events: [],
    subjects: [oneQueue, ours, ...leastConnections, randomTwo, roundRobin, randomPools, balancedPool],
  },
  {
    name: 'unknown',
    title: 'Steady, capacities 1:2:3, weights told to nobody',
    weighted: false,
    load: 0.9,
    durationMs: 1600,
    events: [],
    subjects: [oneQueue, ours, ...leastConnections, randomTwo, roundRobin, randomPools, balancedPool],
  },
  {
    name: 'brownout',
    title: 'Brownout: one provider at a third of its speed, each in turn, weights told',
    weighted: true,
    load: 0.6,
    durationMs: 4800,
    events: [0, 1, 2].flatMap((turn) => [
      { at: turn / 3, act: (stage: Stage) => stage.slow(turn, 3) },
      { at: (turn + 1) / 3, act: (stage: Stage) => stage.slow(turn, 1) },
    ]),
    subjects: [oneQueue, ours, ...leastConnections, randomTwo, roundRobin, randomPools, balancedPool],
  },
  {
    name: 'failing',
    title: 'One of three answers 503 at once for three fifths of the time, weights told',
    weighted: true,
    load: 0.5,
    durationMs: 1600,
    events: [
      { at: 0.3, act: (stage) => stage.fail(1, true) },
      { at: 0.9, act: (stage) => stage.fail(1, false) },
    ],
    subjects: [ours, ...leastConnections, ...retrying, randomTwo, randomPools, balancedPool, balancedPoolRetrying],
  },
  {
    name: 'restart',
    title: 'One of three is killed and starts again a third of the run later, weights told',
    weighted: true,
    load: 0.5,
    durationMs: 1500,
    events: [
      { at: 1 / 3, act: (stage) => stage.kill(1) },
      { at: 2 / 3, act: (stage) => stage.restart(1) },
    ],
    subjects: [ours, ...leastConnections, ...retrying, randomTwo, randomPools, balancedPool, balancedPoolRetrying],
  },
];
