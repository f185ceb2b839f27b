/**
 * One server: slots that work goes on in, a queue before them, and the ways in which it can be slow, broken or gone.
 *
 * Work is counted in milliseconds at speed 1, so a change of speed reschedules what is being worked on, and nothing else knows of it.
 */
import type { Random } from '@lb/core';

import { type Distribution, meanMs, quantileFunction } from '../chance/distribution.ts';
import type { CpuModel, ServerModel } from '../model.ts';
import type { EventQueue } from './event-queue.ts';
import { ended, type Ended, type Jobs } from './jobs.ts';
import type { RecentLatencies } from './recent-latencies.ts';
import { Ring } from './ring.ts';

/** Kind of the event that a server schedules: a job's work is done. */
export const finishKind = 1;

export class Server {
  readonly index: number;
  readonly id: string;
  slots: number;
  speed: number;
  up: boolean;
  /** Attempts that clients have sent here and that it has not answered: the truth that clients only know their part of. */
  assigned = 0;
  /** Requests that it holds: worked on and queued. */
  inFlight = 0;
  peakInFlight = 0;
  readonly queueLimit: number;
  /** What probes are answered from; kept only when somebody probes. */
  latencies: RecentLatencies | undefined;

  readonly #events: EventQueue;
  readonly #jobs: Jobs;
  readonly #failures: Random;
  readonly #work: (luck: number) => number;
  readonly #meanMs: number;
  readonly #cpu: CpuModel | undefined;
  readonly #running: number[] = [];
  readonly #queue = new Ring();
  /** When the next token of the processor is there, less the burst. */
  #cpuAt = -Infinity;
  #failShare = 0;
  #failAfterMs = 0;
  /** Integral of `inFlight` over time, up to `#countedAt`. */
  #inFlightTime = 0;
  #countedAt = 0;

  constructor(
    index: number,
    model: ServerModel,
    service: Distribution,
    jobs: Jobs,
    events: EventQueue,
    failures: Random,
  ) {
    this.index = index;
    this.id = model.id;
    this.slots = model.slots;
    this.queueLimit = model.queueLimit ?? Infinity;
    this.speed = model.speed ?? 1;
    this.up = model.present ?? true;
    this.#cpu = model.cpu;
    this.#work = quantileFunction(model.service ?? service);
    this.#meanMs = meanMs(model.service ?? service);
    this.#jobs = jobs;
    this.#events = events;
    this.#failures = failures;
  }

  get running(): number {
    return this.#running.length;
  }

  /**
   * How long one more request would take in the mean, sent now: what waits before it, what is on the way here, and its own work.
   * Infinity for one that would fail or be refused. For oracles.
   */
  expectedMs(now: number): number {
    if (!this.up || this.speed === 0 || this.#failShare > 0.5 || this.assigned >= this.slots + this.queueLimit)
      return Infinity;
    const rounds = Math.max(1, (this.assigned + 1) / this.slots);
    return (rounds * this.#meanMs) / this.speed + this.#cpuBacklogMs(now);
  }

  /** Takes a job, or says why not. */
  deliver(job: number, now: number): Ended | undefined {
    if (!this.up) return ended.connect;
    if (this.#running.length >= this.slots) {
      if (this.#queue.length >= this.queueLimit) return ended.overload;
      this.#arrived(job, now);
      this.#queue.push(job);
      return undefined;
    }
    this.#arrived(job, now);
    this.#start(job, now);
    return undefined;
  }

  /** The work on `job` is done; the next in the queue begins. */
  finish(job: number, now: number): void {
    this.latencies?.record(this.#jobs.metInFlight[job]!, now - this.#jobs.arrivedAt[job]!);
    this.#leave(job, now);
    this.#startQueued(now);
  }

  setSpeed(speed: number, now: number): void {
    const jobs = this.#jobs;
    for (const job of this.#running) {
      jobs.left[job] = Math.max(0, jobs.left[job]! - (now - jobs.since[job]!) * this.speed);
      jobs.since[job] = now;
      jobs.version[job]! += 1;
      if (speed > 0) this.#events.push(now + jobs.left[job] / speed, finishKind, job, jobs.version[job]!);
    }
    this.speed = speed;
  }

  /** More slots take from the queue at once; with fewer, what is being worked on is finished first. */
  setSlots(slots: number, now: number): void {
    this.slots = slots;
    this.#startQueued(now);
  }

  setFailing(share: number, afterMs: number): void {
    this.#failShare = share;
    this.#failAfterMs = afterMs;
  }

  /** Goes down, and returns the jobs that are lost with it. */
  crash(now: number): readonly number[] {
    const lost = [...this.#running];
    for (let job = this.#queue.shift(); job >= 0; job = this.#queue.shift()) lost.push(job);
    this.#count(now);
    this.#running.length = 0;
    this.inFlight = 0;
    this.up = false;
    for (const job of lost) this.#jobs.version[job]! += 1;
    return lost;
  }

  start(): void {
    this.up = true;
    this.#cpuAt = -Infinity;
  }

  /** Mean number of requests held, from `from` to `now`, for an integral of {@link inFlightTime} taken at `from`. */
  inFlightTime(now: number): number {
    this.#count(now);
    return this.#inFlightTime;
  }

  #arrived(job: number, now: number): void {
    this.#count(now);
    this.#jobs.arrivedAt[job] = now;
    this.#jobs.metInFlight[job] = this.inFlight;
    this.inFlight += 1;
    if (this.inFlight > this.peakInFlight) this.peakInFlight = this.inFlight;
  }

  #start(job: number, now: number): void {
    const jobs = this.#jobs;
    jobs.position[job] = this.#running.length;
    this.#running.push(job);
    let left: number;
    if (this.#failShare > 0 && this.#failures() < this.#failShare) {
      jobs.outcome[job] = ended.status;
      left = this.#failAfterMs * this.speed;
    } else {
      left = this.#work(jobs.luck[job]!);
      if (this.#cpu !== undefined) left += this.#waitForCpu(this.#cpu, now) * this.speed;
    }
    jobs.left[job] = left;
    jobs.since[job] = now;
    if (this.speed > 0) this.#events.push(now + left / this.speed, finishKind, job, jobs.version[job]!);
  }

  /** Takes a token and returns how long until it is there: the generic cell rate algorithm, a bucket in one number. */
  #waitForCpu({ perSecond, burst = 1 }: CpuModel, now: number): number {
    if (this.speed === 0) return 0;
    const interval = 1000 / (perSecond * this.speed);
    this.#cpuAt = Math.max(this.#cpuAt, now) + interval;
    return Math.max(0, this.#cpuAt - now - interval * burst);
  }

  #cpuBacklogMs(now: number): number {
    if (this.#cpu === undefined) return 0;
    const { perSecond, burst = 1 } = this.#cpu;
    const interval = 1000 / (perSecond * this.speed);
    return Math.max(0, this.#cpuAt - now + interval * (this.assigned - this.inFlight + 1 - burst));
  }

  #startQueued(now: number): void {
    while (this.#running.length < this.slots && this.#queue.length > 0) this.#start(this.#queue.shift(), now);
  }

  #leave(job: number, now: number): void {
    this.#count(now);
    this.inFlight -= 1;
    const position = this.#jobs.position[job]!;
    const last = this.#running.pop()!;
    if (last === job) return;
    this.#running[position] = last;
    this.#jobs.position[last] = position;
  }

  #count(now: number): void {
    this.#inFlightTime += this.inFlight * (now - this.#countedAt);
    this.#countedAt = now;
  }
}
