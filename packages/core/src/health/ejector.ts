/**
 * Sets peers aside that fail, and lets them back in carefully.
 *
 *     serving ──a detector asks──▶ out ──until──▶ probing ──good──▶ serving (and warming up)
 *                                   ▲                │
 *                                   └──────bad───────┘  longer each time
 *
 * - An ejection never takes out more than `maxEjectedShare` of the peers, counting the one to be ejected, nor the last one: a
 *   fleet that answers badly still serves more than one that is not asked (counted before, a share of 67 % lets three of three go:
 *   envoy issue 27066). One may always go when there are two, or small pools could eject nobody.
 * - The n-th ejection in a row lasts n × `baseMs`, and n falls by one for each `forgiveMs` in good health. It does not grow while
 *   most of the pool fails: then the fault is not the peer's, and when it is over all should be back within a second, not thirty.
 * - The way back is one request. A timer alone (Envoy, gRPC) gives a peer that is still dead its full share of traffic again
 *   each time; one probe (Finagle, nginx) costs one request.
 * - An attempt speaks only for the state that its peer was in when it began. Ten requests that hang when a peer is ejected, and
 *   fail one after the other, are not ten reasons to keep it out; nor is a late success the answer to a probe.
 */
import { InvalidOptionError } from '../errors.ts';
import type { Member } from '../member.ts';
import { checkNumber } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { isCandidate, type Peer } from '../peer.ts';
import type { Random } from '../policy.ts';
import { ConsecutiveFailures } from './consecutive-failures.ts';
import { type Detector, type Sensor, verdict } from './detector.ts';
import { Doubts } from './doubts.ts';
import type { Ejection } from './ejection.ts';
import { FailureShare } from './failure-share.ts';
import { SuccessRateOutlier } from './success-rate-outlier.ts';
import { SuccessWindow } from './success-window.ts';

/** What ejects a peer, for how long, and how many may be out at once. */
export interface EjectionOptions {
  /** What decides that a peer should be ejected; called once for a pool. Defaults to {@link defaultDetectors}. */
  readonly detectors?: (() => readonly Detector[]) | undefined;
  /**
   * Share of peers that may be ejected at once, from 0 to 1, though always one of two or more. Past it a failing peer keeps its
   * traffic. Defaults to 0.5. Nearer to 1, a fault of the client's own network costs most of the fleet.
   */
  readonly maxEjectedShare?: number | undefined;
  /** How long the first ejection lasts; the n-th in a row lasts n times that. Defaults to 1000 ms. */
  readonly baseMs?: number | undefined;
  /** Longest ejection. Defaults to 30 000 ms: a peer that is well again waits at most that long. */
  readonly capMs?: number | undefined;
  /** Part by which each duration varies up or down, so that clients do not all probe at once. Defaults to 0.2. */
  readonly jitter?: number | undefined;
  /** Time in good health after which one ejection is forgotten. Defaults to 10 000 ms. */
  readonly forgiveMs?: number | undefined;
}

/**
 * Three failures in a row without an answer, five bad answers in a row, 30 % failed within a second, or a success rate far below
 * the others'. Not latency: see {@link LatencyOutlier}.
 */
export function defaultDetectors(): Detector[] {
  return [
    new ConsecutiveFailures({ side: 'local' }),
    new ConsecutiveFailures({ side: 'remote' }),
    new FailureShare(),
    new SuccessRateOutlier(),
  ];
}

/** @throws {InvalidOptionError} */
export class Ejector {
  readonly #detectors: readonly Detector[];
  readonly #maxShare: number;
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #jitter: number;
  readonly #forgiveMs: number;
  readonly #random: Random;
  /** How attempts on all peers have gone in the last second. */
  readonly #pool = new SuccessWindow(1000);
  readonly #nextSweep: number[];
  /** Peers set aside, those on probation included. */
  readonly #out = new Set<Member>();
  /** Undefined when failures are to have no consequences. */
  readonly #doubts: Doubts | undefined;
  /** Peers that are due for a probe, as of the last {@link collect}. */
  #waiting: Member[] = [];

  /** `false` ejects only when told to. */
  constructor(given: EjectionOptions | false, random: Random) {
    const options = given === false ? { detectors: () => [] } : given;
    const { detectors = defaultDetectors } = options;
    if (typeof detectors !== 'function') throw new InvalidOptionError('ejection.detectors', 'a function', detectors);
    this.#detectors = detectors();
    this.#nextSweep = this.#detectors.map(() => -Infinity);
    this.#maxShare = checkNumber('ejection.maxEjectedShare', options.maxEjectedShare ?? 0.5, { min: 0, max: 1 });
    this.#baseMs = checkNumber('ejection.baseMs', options.baseMs ?? 1000, { min: 0, max: Number.MAX_VALUE });
    this.#capMs = checkNumber('ejection.capMs', options.capMs ?? Math.max(30_000, this.#baseMs), { min: this.#baseMs });
    this.#jitter = checkNumber('ejection.jitter', options.jitter ?? 0.2, { min: 0, max: 1 });
    this.#forgiveMs = checkNumber('ejection.forgiveMs', options.forgiveMs ?? 10_000, { above: 0 });
    this.#random = random;
    const wait = (n: number, peers: number, now: number) => Math.max(this.#timeOut(n), this.#turn(peers, now));
    this.#doubts = given === false ? undefined : new Doubts({ wait, beginMs: this.#baseMs, endMs: this.#capMs });
  }

  /** Takes in how an attempt ended on a peer, one of so many, that is not ejected; the reason to eject it, if there is one. */
  observe(member: Member, outcome: Outcome, elapsedMs: number, peers: number, now: number): string | undefined {
    this.#doubts?.observe(member, outcome, peers, now);
    member.sensors ??= this.#detectors.map((detector) => detector.watch(member.peer));
    let reason: string | undefined;
    for (let index = 0; index < this.#detectors.length; index += 1) {
      // Every sensor is told, also after one has asked: the ejection may be refused, and then all must know.
      if (member.sensors[index]!.record(outcome, elapsedMs, now)) reason ??= this.#detectors[index]!.reason;
    }
    return reason;
  }

  /** Takes in how any attempt ended, for how the pool as a whole does. */
  observePool(outcome: Outcome, now: number): void {
    const result = verdict(outcome);
    if (result !== undefined) this.#pool.add(result === 'good', now);
  }

  /** Whether one more may be ejected when `ejected` of `candidates` are. */
  allows(candidates: number, ejected: number): boolean {
    return ejected + 1 <= Math.max(1, Math.floor(this.#maxShare * candidates)) && ejected + 1 < candidates;
  }

  /** Sets a peer aside, for `lastingMs` if that is given. */
  eject(member: Member, reason: string, now: number, lastingMs?: number): Ejection {
    const forgiven = Math.floor((now - member.healthySince) / this.#forgiveMs);
    member.ejections = Math.max(0, member.ejections - forgiven);
    for (const sensor of member.sensors ?? []) sensor.reset();
    this.#doubts?.clear(member);
    this.#out.add(member);
    return this.#setAside(member, reason, now, now, lastingMs);
  }

  /** Keeps a peer aside whose probe has failed. */
  prolong(member: Member, now: number): Ejection {
    const { reason, since } = member.peer.ejection!;
    return this.#setAside(member, reason, since, now);
  }

  /** Lets a peer back in. */
  restore(member: Member, now: number): void {
    this.#enter(member, undefined);
    this.#out.delete(member);
    member.healthySince = now;
  }

  /** Makes ready those that are due for a probe, and returns when the next one will be. O(ejected or in doubt). */
  collect(now: number): number {
    this.#waiting = [];
    let next = this.#doubts?.collect(now, (member) => this.#waiting.push(member)) ?? Infinity;
    for (const member of this.#out) {
      if (member.removed) this.#out.delete(member);
      // Who is not asked for work is not asked to prove itself; in panic, a suspect is picked like everybody.
      else if (!isCandidate(member.peer)) continue;
      else if (member.peer.ejection!.until <= now) this.#waiting.push(member);
      else next = Math.min(next, member.peer.ejection!.until);
    }
    return next;
  }

  /** Whether a peer waits for a probe. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * The next one to send a probe to, of those that `admits` says can take it. It is not given out again until the probe has ended,
   * or `baseMs` has passed without its being begun.
   */
  takeProbe(admits: (peer: Peer) => boolean, now: number): Member | undefined {
    for (let index = this.#waiting.length - 1; index >= 0; index -= 1) {
      const member = this.#waiting[index]!;
      const { ejection } = member.peer;
      // It may have been restored, or asked by the policy, since they were collected.
      const due = probeDue(member) <= now;
      if (due && !admits(member.peer)) continue;
      this.#waiting.splice(index, 1);
      if (!due) continue;
      if (ejection === undefined) this.#doubts?.asked(member, now);
      else this.#enter(member, { ...ejection, probing: true, until: now + this.#baseMs });
      return member;
    }
    return undefined;
  }

  /**
   * An attempt has begun, whose end may decide. Should that never come, as with a stream, a probe is due after `capMs`, and that one
   * decides. O(1).
   */
  begun(member: Member, now: number): void {
    const { ejection } = member.peer;
    if (ejection?.probing === true) member.peer.ejection = { ...ejection, until: now + this.#capMs };
    else if (member.doubts > 0) this.#doubts?.begun(member, now);
  }

  /** The probe has told nothing: another one is due at once, or, if the peer was too busy, when it said or after `baseMs`. */
  probeAgain(member: Member, outcome: Outcome, now: number): void {
    const wait = outcome.kind === 'failure' ? (outcome.retryAfterMs ?? this.#baseMs) : 0;
    const until = now + Math.min(this.#capMs, wait);
    this.#enter(member, { ...member.peer.ejection!, probing: false, until });
  }

  /** Asks the detectors that compare, where it is time, and calls `found` for each of `members` that stands out, worst first. */
  sweep(members: () => readonly Member[], found: (member: Member, reason: string) => void, now: number): void {
    for (const [index, detector] of this.#detectors.entries()) {
      if (detector.sweep === undefined || now < this.#nextSweep[index]!) continue;
      this.#nextSweep[index] = now + (detector.sweepMs ?? 1000);
      const watched = new Map<Sensor, Member>();
      for (const member of members()) {
        const sensor = member.sensors?.[index];
        if (sensor !== undefined) watched.set(sensor, member);
      }
      for (const sensor of detector.sweep([...watched.keys()], now)) {
        const member = watched.get(sensor);
        if (member !== undefined) found(member, detector.reason);
      }
    }
  }

  /** When a detector wants to sweep next. */
  get nextSweep(): number {
    let next = Infinity;
    for (const [index, detector] of this.#detectors.entries()) {
      if (detector.sweep !== undefined) next = Math.min(next, this.#nextSweep[index]!);
    }
    return next;
  }

  #setAside(member: Member, reason: string, since: number, now: number, lastingMs?: number): Ejection {
    if (member.ejections === 0 || !this.#poolFails(now)) member.ejections += 1;
    const count = member.ejections;
    const ejection = { reason, since, until: now + (lastingMs ?? this.#timeOut(count)), count, probing: false };
    this.#enter(member, ejection);
    return ejection;
  }

  /** How long a peer is left alone for the n-th time. */
  #timeOut(n: number): number {
    return Math.min(this.#capMs, n * this.#baseMs) * (1 + this.#jitter * (2 * this.#random() - 1));
  }

  /** How long until each of so many peers has been asked once, at the rate of the last second. */
  #turn(peers: number, now: number): number {
    // Nobody is one of those that should be available when all are suspects, and 0 / 0 would be a time that never comes, nor lets others come.
    return peers === 0 ? 0 : (1000 * peers) / this.#pool.total(now);
  }

  /** Whether most attempts on all peers fail. A handful does not say: it may be the probes of one dead peer. */
  #poolFails(now: number): boolean {
    const total = this.#pool.total(now);
    return total >= 10 && this.#pool.failed(now) * 2 >= total;
  }

  #enter(member: Member, ejection: Ejection | undefined): void {
    member.peer.ejection = ejection;
    member.state += 1;
  }
}

/** When the peer is to be sent a probe, if it is not asked before. */
export function probeDue({ peer, askAt }: Member): number {
  return peer.ejection?.until ?? askAt;
}
