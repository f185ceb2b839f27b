/**
 * Probes for Prequal, over HTTP: asks a peer how much it holds and how fast it is at that, which it answers in two headers:
 *
 *     x-lb-in-flight: 12        requests that it holds now, from all clients
 *     x-lb-latency-ms: 48.5     what requests took of late that arrived with about as many in flight: the median
 *
 * They go over connections of their own, one to each peer, or they would wait behind the very requests that they are to tell about. A
 * peer that has not answered yet is not asked again meanwhile: a probe that waits says no more than the one that waits before it.
 *
 * Providers that put these headers on all answers save probes: the balancer passes on what it reads.
 */
import { checkNumber, InvalidOptionError, type Peer, type ProbeSink, type ProbeSource } from '@lb/core';
import { Agent } from 'undici';

import type { ResponseHeaders } from '../call/caller.ts';
import { isTarget } from '../target.ts';
import { systemClock } from '../time/clock.ts';
import { TimerWheel } from '../time/timer-wheel.ts';
import type { TlsOptions } from '../transport/transport.ts';
import { Probe } from './probe.ts';

/** Where and how peers are asked for their load. */
export interface HttpProbesOptions {
  /** What to ask for with GET. Defaults to `/lb/probe`. */
  readonly path?: string | undefined;
  /** How long an answer may take, in milliseconds. Defaults to 100: an older answer would say little of now. */
  readonly timeoutMs?: number | undefined;
  /** TLS options for peers whose origin is `https:`. */
  readonly tls?: TlsOptions | undefined;
}

/** Asks peers for their load over HTTP, for `policies.prequal({ source: probes })`. */
export class HttpProbes implements ProbeSource, AsyncDisposable {
  readonly #path: string;
  readonly #timeoutMs: number;
  readonly #agent: Agent;
  readonly #wheel = new TimerWheel(systemClock);
  readonly #asked = new Map<Peer, Probe>();
  /** Where the last answer went. */
  #sink: ProbeSink | undefined;

  /** @throws {InvalidOptionError} */
  constructor({ path = '/lb/probe', timeoutMs = 100, tls }: HttpProbesOptions = {}) {
    if (!isTarget(path)) throw new InvalidOptionError('probes.path', 'a path such as /lb/probe', path);
    this.#path = path;
    this.#timeoutMs = checkNumber('probes.timeoutMs', timeoutMs, { min: 1, max: 2 ** 31 - 1 });
    this.#agent = new Agent({
      connections: 1,
      pipelining: 1,
      allowH2: false,
      connect: { ...tls, timeout: this.#timeoutMs },
    });
  }

  probe(peer: Peer, sink: ProbeSink): void {
    this.#sink = sink;
    if (this.#asked.has(peer)) return;
    const probe = new Probe(this.#wheel, (answer) => {
      this.#asked.delete(peer);
      if (answer !== undefined && answer.statusCode < 300) this.observe(peer, answer.headers, systemClock.now());
    });
    this.#asked.set(peer, probe);
    probe.send(this.#agent, { origin: peer.endpoint.origin, path: this.#path }, this.#timeoutMs, systemClock.now());
  }

  /** Takes what any answer of `peer` says, if it says anything. */
  observe(peer: Peer, headers: ResponseHeaders, now: number): void {
    const inFlight = readNumber(headers['x-lb-in-flight']);
    if (inFlight === undefined) return;
    const latencyMs = readNumber(headers['x-lb-latency-ms']);
    if (latencyMs !== undefined) this.#sink?.answered(peer, { inFlight, latencyMs }, now);
  }

  /** Ends all probes and closes their connections. */
  async close(): Promise<void> {
    for (const probe of this.#asked.values()) probe.end();
    await this.#agent.destroy();
    this.#wheel.stop();
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A number as plain as can be; anything else is nothing. */
function readNumber(value: string | readonly string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,9}(\.\d{1,6})?$/.test(value) ? Number(value) : undefined;
}
