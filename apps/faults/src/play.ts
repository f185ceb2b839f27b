/** Plays rows one after the other, and judges what came out. */
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
}

export interface PlayOptions {
  /** How many times as long as promised a time may be. */
  readonly headroom: number;
  readonly onPlayed?: (played: Played) => void;
}

/** No row takes as long unless something hangs. */
const rowLimitMs = 180_000;

export async function play(row: Row, { headroom }: PlayOptions): Promise<Played> {
  const reasons = (row.needs ?? []).map(missing).filter((reason) => reason !== undefined);
  if (reasons.length > 0) return { row, verdict: 'skipped', findings: [], reason: reasons.join('; '), seconds: 0 };
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
    return { row, verdict: kept ? 'kept' : 'missed', findings, seconds: seconds() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { row, verdict: 'missed', findings: [], reason, seconds: seconds() };
  } finally {
    over.abort();
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
