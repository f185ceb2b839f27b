import { setTimeout as after } from 'node:timers/promises';

/** No request for this long means that callers have heard: what still comes then is a matter of chance. */
const quietMs = 100;

export interface QuietOptions {
  /** When the last request came. */
  readonly lastAt: () => number;
  /** How long to wait at most. */
  readonly limitMs: number;
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/**
 * Resolves once no requests have come for a while, or after `limitMs`.
 *
 * Whoever closes while requests still come refuses some: those of callers who have not heard yet, and on a busy machine those that have
 * long been sent and wait to be read.
 */
export async function untilQuiet({
  lastAt,
  limitMs,
  now = () => performance.now(),
  sleep = after,
}: QuietOptions): Promise<void> {
  const until = now() + limitMs;
  for (let at = now(); at < until && at - lastAt() < quietMs; at = now()) {
    await sleep(Math.min(quietMs, until - at));
  }
}
