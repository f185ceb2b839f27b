/** What was promised, what came out, and whether that is within it. */
export interface Kept {
  readonly promise: string;
  readonly measured: string;
  readonly kept: boolean;
  /** Whether a machine that is too busy could be to blame. */
  readonly timed: boolean;
}

export interface Outcome {
  readonly promises: readonly Kept[];
  /** Whatever else was measured. */
  readonly figures: Readonly<Record<string, unknown>>;
}

interface Extent {
  /** Above 1 it takes longer or is larger, below 1 shorter or smaller. */
  readonly scale: number;
  /** Requests a second, where that is not of the essence. */
  readonly perSecond: number;
}

/** One of the situations that a service must come through. */
export interface Situation {
  readonly about: string;
  readonly run: (extent: Extent) => Promise<Outcome>;
}

export function atMost(promise: string, value: number, limit: number, unit = ''): Kept {
  return {
    promise: `${promise} at most ${round(limit)}${unit}`,
    measured: `${round(value)}${unit}`,
    kept: value <= limit,
    timed: true,
  };
}

export function atLeast(promise: string, value: number, limit: number, unit = ''): Kept {
  return {
    promise: `${promise} at least ${round(limit)}${unit}`,
    measured: `${round(value)}${unit}`,
    kept: value >= limit,
    timed: true,
  };
}

/** For what requests time out of, too. */
export function none(promise: string, count: number, of: number): Kept {
  return { promise, measured: `${count} of ${of}`, kept: count === 0 && of > 0, timed: true };
}

/** For what must not be, however busy the machine is. */
export function never(promise: string, count: number, of: number, which = ''): Kept {
  return { promise, measured: `${count} of ${of}${which}`, kept: count === 0 && of > 0, timed: false };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
