/**
 * The peers of one service, and the choice among them: where what the registry says, what attempts show, and a policy meet.
 *
 *     update(snapshot)   who is there                    membership.ts, roster.ts, subset/
 *     pick()             one comparison, then the picker; the picker is rebuilt when the peers it may choose from change
 *     begin() → end()    what is in flight, and how it went   attempt.ts, load/, limit/
 *     tick()             what time does: ejections end, peers warm up, detectors compare   health/
 *
 * There are no timers here. `pick` compares its `now` with when something is due next, and does it then; whoever has a timer may
 * call `tick` besides, for events that should not wait for the next pick. Times are those of one monotonic clock; should it go
 * back, the pool waits for it to catch up.
 */
import { Attempt, type Judge } from './attempt.ts';
import { availability, type Tier, weigh } from './availability.ts';
import { Baseline } from './baseline.ts';
import type { Endpoint, Snapshot } from './endpoint.ts';
import { NoEndpointError, type NoEndpointReason } from './errors.ts';
import { verdict } from './health/detector.ts';
import { Ejector, probeDue } from './health/ejector.ts';
import { SlowStart } from './health/slow-start.ts';
import { Member } from './member.ts';
import { Membership, type PoolChange } from './membership.ts';
import { checkNumber } from './options.ts';
import { isCandidate, isOpen, meanWeight, Peer, weightOf } from './peer.ts';
import { explain } from './pickers/explain.ts';
import type { PickContext, Picker, Policy } from './policy.ts';
import { checkPoolOptions, type PeerPoolOptions } from './pool-options.ts';
import { peerStatus, type PoolStatus } from './pool-status.ts';

/** @throws {InvalidOptionError} */
export class PeerPool {
  readonly service: string;
  readonly #options: PeerPoolOptions;
  readonly #slowStart: SlowStart;
  readonly #panicShare: number;
  readonly #ejector: Ejector;
  readonly #membership: Membership;
  readonly #baseline: Baseline;

  #policy: Policy;
  #picker: Picker | undefined;
  /** Who the picker chooses among. */
  #eligible: readonly Peer[] = [];
  /** As of when the picker was built, but for ejections since then. */
  #tier: Tier = 'none';
  #candidates = 0;
  #ejected = 0;

  /** The latest time seen. */
  #now = 0;
  /** When `pick` has more to do than to pick: at once while a peer waits for a probe, else at the next tick. */
  #due = Infinity;
  #nextTick = Infinity;
  /** When time alone changes who may be picked, or with what weight. */
  #nextStep = Infinity;
  /** Whether who may be picked has changed since the picker was built, and when it may be built again. */
  #stale = false;
  #rebuildAt = -Infinity;

  constructor(options: PeerPoolOptions) {
    checkPoolOptions(options);
    const { policy, random, slowStart, ejection, suspicion } = options;
    this.service = options.service ?? 'service';
    this.#policy = policy;
    this.#options = options;
    this.#slowStart = new SlowStart(slowStart === false ? { windowMs: 0 } : slowStart);
    this.#ejector = new Ejector(ejection ?? {}, random);
    this.#panicShare = checkNumber('panicShare', options.panicShare ?? 0.5, { min: 0, max: 1 });
    this.#membership = new Membership({
      suspicion: suspicion === true ? {} : suspicion || undefined,
      subset: options.subset,
      create: (endpoint, now) => this.#createMember(endpoint, now),
    });
    this.#baseline = new Baseline(this.#membership.baselineMs);
  }

  /** What chooses now. */
  get policy(): Policy {
    return this.#policy;
  }

  /** Revision of the last snapshot; -1 before the first. */
  get revision(): number {
    return this.#membership.revision;
  }

  /** All peers known, in the order of the snapshot that last changed who is there; suspects last. */
  get peers(): Iterable<Peer> {
    return this.#membership.all.map(({ peer }) => peer);
  }

  get size(): number {
    return this.#membership.all.length;
  }

  /** Which peers are being picked from. */
  get tier(): Tier {
    return this.#tier;
  }

  /**
   * Makes the pool follow `snapshot`: exactly, or, with {@link PeerPoolOptions.suspicion}, with care. Of two endpoints with one id
   * the last counts. O(n), and cheap for endpoints that are the same objects as in the snapshot before.
   */
  update(snapshot: Snapshot, now: number): PoolChange {
    const at = this.#advance(now);
    const isFirst = this.size === 0;
    const { retired, ...change } = this.#membership.update(snapshot, at);
    if (isFirst) this.#assumeWarm();
    const { added, removed, changed, suspected } = change;
    if (added.length > 0 || removed.length > 0 || changed.length > 0 || suspected.length > 0) {
      this.#rebuild(at, retired);
      this.#schedule(at);
    }
    return change;
  }

  /** The peer for one attempt, or `undefined` when nobody can take it. Follow it with {@link begin} at once. */
  pick(context: PickContext): Peer | undefined {
    const peer = context.now >= this.#due ? this.#pickWhenDue(context) : this.#picker?.pick(context);
    if (context.trace !== undefined) context.trace.tier = this.#tier;
    return peer;
  }

  /** As {@link pick}, for callers that have nothing else to try. Throws {@link NoEndpointError}. */
  pickOrThrow(context: PickContext): Peer {
    const peer = this.pick(context);
    if (peer === undefined) throw this.noEndpoint();
    return peer;
  }

  /** The error that says why {@link pick} just found nobody. */
  noEndpoint(): NoEndpointError {
    return new NoEndpointError(this.service, this.revision, this.#whyNone());
  }

  /** Begins an attempt on a peer that {@link pick} gave. Whatever happens, end it. O(1). */
  begin(peer: Peer, now: number): Attempt {
    const member = this.#membership.find(peer);
    if (member !== undefined && (peer.ejection !== undefined || member.doubts > 0)) {
      this.#ejector.begun(member, this.#advance(now));
    }
    return new Attempt(peer, member, this.#judge, now);
  }

  /**
   * Does what is due by now: ends ejections, lets peers warm up, has detectors compare. `pick` calls it when needed; call it from a
   * timer as well if events should not wait for the next pick. O(n) at most.
   */
  tick(now: number): void {
    const at = this.#advance(now);
    this.#ejector.sweep(
      () => this.#membership.all.filter(({ peer }) => isCandidate(peer) && peer.ejection === undefined),
      (member, reason) => this.#eject(member, reason, at),
      at,
    );
    if (at >= this.#nextStep) this.#stale = true;
    if (this.#stale && at >= this.#rebuildAt) this.#rebuild(at);
    this.#schedule(at);
  }

  /**
   * Sets a peer aside as a detector would, for whoever knows better, such as an active check or an operator. Returns false when it is
   * not in the pool or is already out, or when no more may be ejected. A suspect is purged.
   *
   * It is tried again after `lastingMs`, or, without that, when a detector's ejection would end. After Infinity is never: only
   * {@link restore} brings it back then, not even an answer that it gives in panic.
   */
  eject(peer: Peer, reason: string, now: number, lastingMs?: number): boolean {
    const member = this.#membership.find(peer);
    if (member === undefined || peer.ejection !== undefined) return false;
    return this.#eject(member, reason, this.#advance(now), lastingMs);
  }

  /** Ends an ejection before its time. Returns false when the peer is not in the pool or not out. */
  restore(peer: Peer, now: number): boolean {
    const member = this.#membership.find(peer);
    if (member === undefined || peer.ejection === undefined) return false;
    this.#restore(member, this.#advance(now));
    return true;
  }

  /** Drops a suspect that has been shown to be gone. Returns false for a peer that is not one: the registry still lists it. */
  purge(peer: Peer, now: number): boolean {
    const member = this.#membership.find(peer);
    if (member === undefined || !peer.suspect) return false;
    this.#purge(member, this.#advance(now));
    return true;
  }

  /**
   * Goes on with another policy. What the loads of the old one have learned is lost, and what is in flight is kept, as if all of it
   * had begun now. O(n + in flight).
   */
  usePolicy(policy: Policy, now: number): void {
    const at = this.#advance(now);
    this.#policy = policy;
    this.#picker = undefined;
    for (const { peer } of this.#membership.all) {
      const load = policy.createLoad(at);
      for (let begun = 0; begun < peer.load.inFlight; begun += 1) load.begin(at);
      peer.load = load;
    }
    this.#rebuild(at);
    this.#schedule(at);
  }

  /** What the pool looks like now. O(n), and allocates: for a page or a scrape, not for each request. */
  status(now: number): PoolStatus {
    const at = this.#advance(now);
    const members = this.#membership.all;
    return {
      service: this.service,
      policy: this.policy.name,
      revision: this.revision,
      tier: this.#tier,
      candidates: this.#candidates,
      ejected: this.#ejected,
      baseline: this.#baseline.value(at),
      suspects: members.filter(({ peer }) => peer.suspect).length,
      peers: members.map(peerStatus),
    };
  }

  #advance(now: number): number {
    if (now > this.#now && now < Infinity) this.#now = now;
    return this.#now;
  }

  #createMember(endpoint: Endpoint, now: number): Member {
    const { limiter, timeOrigin } = this.#options;
    const peer = new Peer(endpoint, this.#policy.createLoad(now));
    // Whatever its clock says, it is no younger than we have known it.
    const warmSince = Math.min(now, startOf(endpoint, timeOrigin) ?? now);
    const member = new Member(peer, limiter?.(endpoint), warmSince, now);
    member.refreshLimit();
    return member;
  }

  /** Where the pool is new and not its peers, those that do not say when they started are taken to be as old as the oldest that does. */
  #assumeWarm(): void {
    const members = this.#membership.all;
    const oldest = members.reduce((since, member) => Math.min(since, member.warmSince), this.#now);
    for (const member of members) {
      if (startOf(member.peer.endpoint, this.#options.timeOrigin) === undefined) member.warmSince = oldest;
    }
  }

  #pickWhenDue(context: PickContext): Peer | undefined {
    if (context.now >= this.#nextTick) this.tick(context.now);
    // A request that has failed once is not the one to try a doubtful peer with, unless there is nobody else.
    const { retry = (context.exclude?.size ?? 0) > 0 } = context;
    return retry
      ? (this.#picker?.pick(context) ?? this.#pickProbe(context))
      : (this.#pickProbe(context) ?? this.#picker?.pick(context));
  }

  /** A peer that waits for a probe. Not left to the policy: what its load remembers would keep it from ever being picked. */
  #pickProbe(context: PickContext): Peer | undefined {
    const probe = this.#ejector.takeProbe((peer) => isOpen(peer, context), this.#now);
    this.#wake(probe === undefined ? Infinity : probeDue(probe));
    // It has no weight while it is set aside: as what it would be.
    const cost = ({ load, endpoint }: Peer): number =>
      load.cost(context.now, weightOf(endpoint) / (meanWeight(this.#eligible) || 1));
    if (probe !== undefined) explain(context, 'probe', probe.peer, [], cost);
    return probe?.peer;
  }

  /** How the health rules hear of attempts. */
  readonly #judge: Judge = (member, state, outcome, elapsedMs, now) => {
    const at = this.#advance(now);
    this.#ejector.observePool(outcome, at);
    if (state !== member.state) return;
    const { ejection } = member.peer;
    if (ejection === undefined) {
      const reason = this.#ejector.observe(member, outcome, elapsedMs, this.#candidates, at);
      if (reason !== undefined) this.#eject(member, reason, at);
      if (member.doubts > 0) this.#wake(member.askAt);
      return;
    }
    // Set aside for good, and picked in panic only: how that goes is not what whoever did it wants to know.
    if (ejection.until === Infinity) return;
    const result = verdict(outcome);
    if (result === 'good') {
      this.#restore(member, at);
    } else if (ejection.probing) {
      if (result === 'bad') this.#prolong(member, at);
      else this.#ejector.probeAgain(member, outcome, at);
      this.#wake(member.peer.ejection?.until ?? Infinity);
    }
  };

  #eject(member: Member, reason: string, at: number, lastingMs?: number): boolean {
    const { peer } = member;
    if (member.removed) return false;
    if (peer.suspect) {
      this.#purge(member, at);
      return true;
    }
    if (!isCandidate(peer) || !this.#ejector.allows(this.#candidates, this.#ejected)) return false;
    const ejection = this.#ejector.eject(member, reason, at, lastingMs);
    this.#ejected += 1;
    this.#invalidate(at);
    this.#options.onEject?.(peer, ejection);
    return true;
  }

  /** The probe has failed. */
  #prolong(member: Member, at: number): void {
    if (member.peer.suspect) {
      this.#purge(member, at);
      return;
    }
    const ejection = this.#ejector.prolong(member, at);
    this.#options.onEject?.(member.peer, ejection);
  }

  #restore(member: Member, at: number): void {
    this.#ejector.restore(member, at);
    // The time out was for these failures. Counted a second time, they would keep away from it what slow start is to bring back.
    member.peer.load.forget?.();
    member.warmSince = at;
    if (isCandidate(member.peer)) this.#ejected -= 1;
    this.#invalidate(at);
    this.#options.onRestore?.(member.peer);
  }

  #purge(member: Member, at: number): void {
    this.#membership.purge(member);
    this.#rebuild(at);
    this.#schedule(at);
    this.#options.onPurge?.(member.peer);
  }

  #whyNone(): NoEndpointReason {
    if (this.#eligible.length === 0) return 'empty';
    for (const peer of this.#eligible) if (peer.load.inFlight < peer.limit) return 'excluded';
    return 'saturated';
  }

  /** Has the picker built anew as soon as may be. */
  #invalidate(at: number): void {
    this.#stale = true;
    // At once means whatever the next pick's clock says.
    this.#wake(at >= this.#rebuildAt ? -Infinity : this.#rebuildAt);
  }

  #rebuild(at: number, retired = 0): void {
    const members = this.#membership.all;
    const candidates = members.filter(({ peer }) => isCandidate(peer));
    this.#baseline.observe(candidates.length, retired, at);
    const found = availability(members, candidates, this.#baseline.value(at), this.#panicShare);
    for (const { peer } of members) peer.weight = 0;
    const { peers, warming } = weigh(found, this.#slowStart, this.#options.preference, at);

    this.#eligible = peers;
    this.#picker =
      peers.length === 0 ? undefined : this.#policy.createPicker(peers, this.#options.random, this.#picker);
    this.#candidates = candidates.length;
    this.#ejected = found.ejected;
    this.#stale = false;
    this.#rebuildAt = at + breather(members.length);
    this.#nextStep = Math.min(
      warming ? at + this.#slowStart.windowMs / warmingSteps : Infinity,
      found.tier === 'panic' ? this.#baseline.fallsAt(at) : Infinity,
    );
    const before = this.#tier;
    this.#tier = found.tier;
    if (before !== found.tier) this.#options.onTier?.(found.tier, before);
  }

  /** Finds out when something is due next. */
  #schedule(at: number): void {
    const next = Math.min(
      this.#ejector.collect(at),
      this.#ejector.nextSweep,
      this.#nextStep,
      this.#stale ? this.#rebuildAt : Infinity,
    );
    this.#nextTick = Infinity;
    this.#wake(Math.max(next, at + breather(this.#membership.all.length)));
  }

  /** Sees to it that something is done at `at`, if not before. */
  #wake(at: number): void {
    this.#nextTick = Math.min(this.#nextTick, at);
    this.#due = this.#ejector.hasWaiting ? -Infinity : this.#nextTick;
  }
}

/** A peer gets its weight in tenths of the window: as often as it makes a difference, as rarely as a rebuild of O(n) should be. */
const warmingSteps = 10;

/**
 * How long to let pass between two rebuilds, each O(n), in milliseconds. A rebuild for 10 000 peers takes about a millisecond, and
 * with 20 between them thousands of peers that fail at once cost a twentieth of the time, not all of it. Up to 100 peers, none.
 */
function breather(size: number): number {
  return Math.max(0, size - 100) / 500;
}

/** When an endpoint says that it started, on a clock that read 0 at `timeOrigin`. */
function startOf({ startedAt }: Endpoint, timeOrigin: number | undefined): number | undefined {
  if (startedAt === undefined || timeOrigin === undefined || !Number.isFinite(startedAt)) return undefined;
  return startedAt - timeOrigin;
}
