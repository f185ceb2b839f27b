/** Longest wait that a provider can ask for. A hostile or mistaken one must not keep itself, or a request, away for days. */
const longestMs = 60_000;

/**
 * Reads `Retry-After` in seconds: how long to wait, in milliseconds, at most a minute; `undefined` for anything else. The form that
 * is a date is not read: it compares the provider's clock with ours.
 */
export function readRetryAfter(value: string | readonly string[] | undefined): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) return undefined;
  return Math.min(longestMs, Number(value) * 1000);
}
