import type { Peer, ProbeSink } from '@lb/core';

import type { EventQueue } from './event-queue.ts';
import { kinds } from './kinds.ts';
import { RecentLatencies } from './recent-latencies.ts';
import type { Server } from './server.ts';

interface Probe {
  readonly peer: Peer;
  readonly sink: ProbeSink;
  readonly server: Server;
  inFlight: number;
  latencyMs: number;
}

/** Probes on their way: a client asks a server how busy it is, apart from any request, and hears of it a round trip later. */
export class Probes {
  readonly #events: EventQueue;
  readonly #delayMs: number;
  readonly #probes: (Probe | undefined)[] = [];
  readonly #free: number[] = [];

  /** `delayMs` is what each way takes. */
  constructor(events: EventQueue, delayMs: number) {
    this.#events = events;
    this.#delayMs = delayMs;
  }

  send(peer: Peer, server: Server, sink: ProbeSink, now: number): void {
    server.latencies ??= new RecentLatencies();
    const index = this.#free.pop() ?? this.#probes.length;
    this.#probes[index] = { peer, sink, server, inFlight: 0, latencyMs: 0 };
    this.#events.push(now + this.#delayMs, kinds.probe, index, 0);
  }

  /** It reaches its server. */
  arrived(index: number, now: number): void {
    const probe = this.#probes[index]!;
    const { server } = probe;
    // Who is gone does not answer, and a process that hangs answers nothing at all.
    if (!server.up || server.speed === 0) {
      this.#remove(index);
      return;
    }
    probe.inFlight = server.inFlight;
    probe.latencyMs = server.latencies?.at(server.inFlight) ?? 0;
    this.#events.push(now + this.#delayMs, kinds.probed, index, 0);
  }

  /** Its answer reaches the client. */
  answered(index: number, now: number): void {
    const { peer, sink, inFlight, latencyMs } = this.#probes[index]!;
    this.#remove(index);
    sink.answered(peer, { inFlight, latencyMs }, now);
  }

  #remove(index: number): void {
    this.#free.push(index);
    this.#probes[index] = undefined;
  }
}
