/**
 * Reads the `x-lb-timeout-ms` of a request that came in: how long its caller still waits for the answer, in milliseconds; `undefined`
 * when it says nothing, or nothing that can be believed. Whoever calls on passes it as `lb.timeoutMs`, less what it needs itself.
 */
export function readTimeout(value: string | readonly string[] | undefined): number | undefined {
  if (typeof value !== 'string' || !/^[1-9]\d{0,5}$/.test(value)) return undefined;
  const timeoutMs = Number(value);
  return timeoutMs <= longestMs ? timeoutMs : undefined;
}

/** Ten minutes. Who waits longer need not say so. */
const longestMs = 600_000;
