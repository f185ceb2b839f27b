/** Plays rows one after the other, and judges what came out. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';

import { missing } from './needs.ts';
import { type Finding, isKept, type Row } from './row.ts';
import { Stage } from './stage.ts';

/** `missed`: a promise was broken, or the row could not tell. `skipped` is neither kept nor missed. */
type Verdict = 'kept' | 'missed' | 'skipped';

export interface Played {
  readonly row: Row;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Why it was skipped, or what broke it off. */
  readonly reason?: string;
  readonly seconds: number;
  /** The longest that this process had to wait for the processor meanwhile, in milliseconds. */
  readonly lateMs: number;
}

export interface PlayOptions {
  /** How many times as long as promised a time may be. */
  readonly headroom: number;
  readonly onPlayed?: (played: Played) => void;
}

/** No row takes as long unless something hangs. */
const rowLimitMs = 180_000;

/**
 * A row that missed its promise while even this process, which has nothing to do, waited for so long was played on a machine that was
 * busy with something else. It is played again, twice at most.
 */
const lateLimitMs = 50;
const repeats = 2;

export async function play(row: Row, options: PlayOptions): Promise<Played> {
  const reasons = (row.needs ?? []).map(missing).filter((reason) => reason !== undefined);
  if (reasons.length > 0) {
    return { row, verdict: 'skipped', findings: [], reason: reasons.join('; '), seconds: 0, lateMs: 0 };
  }
  let played = await playOnce(row, options);
  for (let left = repeats; left > 0 && played.verdict === 'missed' && played.lateMs > lateLimitMs; left -= 1) {
    played = await playOnce(row, options);
  }
  return played;
}

async function playOnce(row: Row, { headroom }: PlayOptions): Promise<Played> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const lateMs = (): number => Math.max(0, delay.max / 1e6 - 5);
  const begunAt = performance.now();
  const seconds = (): number => (performance.now() - begunAt) / 1000;
  const over = new AbortController();
  try {
    await using stage = new Stage();
    const overdue = after(rowLimitMs, undefined, { signal: over.signal }).then(() => {
      throw new Error(`not over after ${rowLimitMs / 1000} s`);
    });
    const findings = await Promise.race([row.run(stage), overdue]);
    const kept = findings.length > 0 && findings.every((finding) => isKept(finding, headroom));
    return { row, verdict: kept ? 'kept' : 'missed', findings, seconds: seconds(), lateMs: lateMs() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { row, verdict: 'missed', findings: [], reason, seconds: seconds(), lateMs: lateMs() };
  } finally {
    over.abort();
    delay.disable();
  }
}

export async function playAll(rows: readonly Row[], options: PlayOptions): Promise<Played[]> {
  const played: Played[] = [];
  for (const row of rows) {
    const one = await play(row, options);
    options.onPlayed?.(one);
    played.push(one);
  }
  return played;
}
