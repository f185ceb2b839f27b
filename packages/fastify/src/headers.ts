/**
 * What a provider and the balancers that call it say to each other, beside the requests themselves. The names are those that
 * `@lb/balancer` sends and reads; no other part of HTTP is needed, so any client can take part.
 */

/** From a balancer: which attempt of its request this is, from 1. It leaves it out of a first one that has a deadline. */
export const attemptHeader = 'x-lb-attempt';
/** From a balancer: how long the caller still waits for an answer, in milliseconds. Relative, so that clocks need not agree. */
export const timeoutHeader = 'x-lb-timeout-ms';
/** To a balancer: nothing has been done for this request, and why: `overload` or `draining`. Safe to send elsewhere, whatever the method. */
export const nackHeader = 'x-lb-nack';
/** To a balancer: `1` from a provider that asks for no new requests. */
export const drainingHeader = 'x-lb-draining';
/** To a balancer: requests held now, this one left out. */
export const inFlightHeader = 'x-lb-in-flight';
/** To a balancer: what requests took of late that came while about as many were held: the median, in milliseconds. */
export const latencyHeader = 'x-lb-latency-ms';
/** To a balancer: load report of ORCA (Envoy, gRFC A51). */
export const loadReportHeader = 'endpoint-load-metrics';

/** Ten minutes. Who waits longer need not say so. */
const longestMs = 600_000;

/** Reads `x-lb-timeout-ms`; `undefined` when it says nothing, or nothing that can be believed. */
export function readTimeout(value: HeaderValue): number | undefined {
  if (typeof value !== 'string' || !/^[1-9]\d{0,5}$/.test(value)) return undefined;
  const timeoutMs = Number(value);
  return timeoutMs <= longestMs ? timeoutMs : undefined;
}

/**
 * Which attempt it is, from `x-lb-attempt`, or 1 when only `x-lb-timeout-ms` is there; `undefined` when the caller is no balancer. A caller that
 * sends a deadline and does not try again itself says so with an `x-lb-attempt` of 0.
 */
export function readAttempt(attempt: HeaderValue, timeout: HeaderValue): number | undefined {
  if (attempt === undefined) return timeout === undefined ? undefined : 1;
  return typeof attempt === 'string' && /^[1-9]\d{0,2}$/.test(attempt) ? Number(attempt) : undefined;
}

type HeaderValue = string | readonly string[] | undefined;
