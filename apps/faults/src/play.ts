/** Plays rows one after the other, and judges what came out. */
import { setTimeout as after } from 'node:timers/promises';

import { missing } from './needs.ts';
import { type Finding, isKept, type Row } from './row.ts';
import { Stage } from './stage.ts';

/**
 * `missed`: a promise was broken, or the row broke off. `unclear`: nothing but times were missed, and the machine was too busy to
 * measure them. `skipped`: it cannot be played here. The last two are neither kept nor missed.
 */
type Verdict = 'kept' | 'missed' | 'unclear' | 'skipped';

export interface Played {
  readonly row: Row;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Why it was skipped, or what broke it off. */
  readonly reason?: string;
  readonly seconds: number;
  /** The longest that the runner had to wait for the processor, in milliseconds. */
  readonly lateMs: number;
}

export interface PlayOptions {
  /** How many times as long as promised a time may be. */
  readonly headroom: number;
  readonly onPlayed?: (played: Played) => void;
}

/** No row takes as long unless something hangs. */
const rowLimitMs = 180_000;

/** Who waits for longer than this for the processor, and has nothing to do, is on a machine that is busy with something else. */
const lateLimitMs = 50;
/** How often a row that did not keep its promise on such a machine is played again. */
const repeats = 2;

export async function play(row: Row, options: PlayOptions): Promise<Played> {
  const reasons = (row.needs ?? []).map(missing).filter((reason) => reason !== undefined);
  if (reasons.length > 0) {
    return { row, verdict: 'skipped', findings: [], reason: reasons.join('; '), seconds: 0, lateMs: 0 };
  }
  let played = await playOnce(row, options);
  for (let left = repeats; left > 0 && played.verdict !== 'kept' && played.lateMs > lateLimitMs; left -= 1) {
    played = await playOnce(row, options);
  }
  return played;
}

async function playOnce(row: Row, { headroom }: PlayOptions): Promise<Played> {
  const begunAt = performance.now();
  const over = new AbortController();
  let lateMs = 0;
  const played = (verdict: Verdict, findings: readonly Finding[], reason?: string): Played => {
    const seconds = (performance.now() - begunAt) / 1000;
    return { row, verdict, findings, seconds, lateMs, ...(reason !== undefined && { reason }) };
  };
  try {
    await using stage = new Stage();
    const overdue = after(rowLimitMs, undefined, { signal: over.signal }).then(() => {
      throw new Error(`not over after ${rowLimitMs / 1000} s`);
    });
    const findings = await Promise.race([row.run(stage), overdue]);
    ({ lateMs } = stage);
    return played(verdictOn(findings, headroom, lateMs), findings);
  } catch (error) {
    return played('missed', [], error instanceof Error ? error.message : String(error));
  } finally {
    over.abort();
  }
}

function verdictOn(findings: readonly Finding[], headroom: number, lateMs: number): Verdict {
  const missed = findings.filter((finding) => !isKept(finding, headroom));
  if (findings.length === 0) return 'missed';
  if (missed.length === 0) return 'kept';
  return lateMs > lateLimitMs && missed.every(({ unit, value }) => unit === 'ms' && Number.isFinite(value))
    ? 'unclear'
    : 'missed';
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
