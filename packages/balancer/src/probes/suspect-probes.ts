/**
 * Asks suspects whether they are still there: those that the registry no longer lists, without having said why. One that answers well
 * stays a suspect, to be used if there are too few others; one that fails twice in a row is gone, and the pool drops it.
 *
 * Each suspect is asked about once a second, all of them together no more often than a rate: a registry that has forgotten a thousand
 * endpoints must not have them asked at once by every client.
 */
import { checkNumber, InvalidOptionError, type Peer, type PeerPool, type Random } from '@lb/core';

import { isTarget } from '../target.ts';
import { type TimerOwner, type TimerWheel, WheelTimer } from '../time/timer-wheel.ts';
import type { Connection } from '../transport/transport.ts';
import { Probe } from './probe.ts';

/** How suspects are asked whether they are still there. */
export interface SuspectProbeOptions {
  /** What to ask for with GET, such as `/livez`. Any status of 2xx is well. */
  readonly path: string;
  /** How long an answer may take, in milliseconds. Defaults to 500. */
  readonly timeoutMs?: number | undefined;
  /** Most probes a second, of all suspects together. Defaults to 10. */
  readonly perSecond?: number | undefined;
}

export interface SuspectProbeTools {
  readonly pool: PeerPool;
  readonly connect: (peer: Peer, http1Only: boolean) => Connection;
  readonly wheel: TimerWheel;
  readonly now: () => number;
  readonly random: Random;
}

/** How long a suspect is left alone after it was asked, in milliseconds, up to a fifth more or less. */
const pauseMs = 1000;
/** Failures in a row after which a suspect is gone. One may be a packet that was lost. */
const failuresToGo = 2;

export class SuspectProbes implements TimerOwner {
  readonly #options: { readonly path: string; readonly timeoutMs: number; readonly gapMs: number };
  readonly #tools: SuspectProbeTools;
  readonly #timer = new WheelTimer(this);
  /** Failures in a row of each suspect; the one that was asked the longest ago comes first. */
  readonly #failures = new Map<Peer, number>();
  readonly #probes = new Set<Probe>();

  /** @throws {InvalidOptionError} */
  constructor(options: SuspectProbeOptions, tools: SuspectProbeTools) {
    const { path, timeoutMs = 500, perSecond = 10 } = options;
    if (!isTarget(path)) throw new InvalidOptionError('probe.path', 'a path such as /livez', path);
    this.#options = {
      path,
      timeoutMs: checkNumber('probe.timeoutMs', timeoutMs, { min: 1, max: 2 ** 31 - 1 }),
      gapMs: 1000 / checkNumber('probe.perSecond', perSecond, { above: 0 }),
    };
    this.#tools = tools;
  }

  /** The pool has changed: there may be suspects, or none any more. */
  follow(now: number): void {
    const suspects = new Set([...this.#tools.pool.peers].filter(({ suspect }) => suspect));
    for (const peer of this.#failures.keys()) if (!suspects.has(peer)) this.#failures.delete(peer);
    for (const peer of suspects) if (!this.#failures.has(peer)) this.#failures.set(peer, 0);
    if (this.#failures.size === 0) this.#tools.wheel.clear(this.#timer);
    else if (this.#timer.at === Infinity) this.#pause(now);
  }

  onTime(now: number): void {
    const next = this.#failures.entries().next().value;
    if (next === undefined) return;
    const [peer, failures] = next;
    this.#failures.delete(peer);
    this.#failures.set(peer, failures);
    this.#pause(now);
    this.#ask(peer, now);
  }

  /** Ends all probes, and sends no more. */
  stop(): void {
    this.#failures.clear();
    this.#tools.wheel.clear(this.#timer);
    for (const probe of this.#probes) probe.end();
  }

  #pause(now: number): void {
    const jitter = 0.8 + 0.4 * this.#tools.random();
    const waitMs = Math.max(this.#options.gapMs, pauseMs / this.#failures.size) * jitter;
    this.#tools.wheel.set(this.#timer, now + waitMs, now);
  }

  #ask(peer: Peer, now: number): void {
    const { path, timeoutMs } = this.#options;
    const probe = new Probe(this.#tools.wheel, (answer) => {
      this.#probes.delete(probe);
      this.#answered(peer, answer !== undefined && answer.statusCode < 300);
    });
    this.#probes.add(probe);
    const { dispatcher, servername } = this.#tools.connect(peer, false);
    // The name that calls give, or undici would close a connection of theirs to make one with another.
    probe.send(dispatcher, { origin: peer.endpoint.origin, path, servername }, timeoutMs, now);
  }

  #answered(peer: Peer, well: boolean): void {
    // It may have been listed again, or have left, since it was asked.
    const before = this.#failures.get(peer);
    if (before === undefined) return;
    const failures = well ? 0 : before + 1;
    this.#failures.set(peer, failures);
    if (failures >= failuresToGo) this.#tools.pool.purge(peer, this.#tools.now());
  }
}
