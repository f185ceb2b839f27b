/**
 * A cluster in virtual time: one loop over events, in the order in which they would happen.
 *
 *     arrive ─▶ pool.pick ─▶ pool.begin ─▶ network ─▶ server: slot, queue or refusal ─▶ network ─▶ attempt.end ─▶ end or retry
 *
 * The pool is the one of `@lb/core`, asked in the same order and told the same things as in production, with `now` the time of the
 * event. All that is drawn by chance comes from streams by purpose, so a run is a function of model, contender and seed.
 */
import type { Attempt, Peer, ProbeSource, Snapshot } from '@lb/core';

import { stream } from '../chance/stream.ts';
import type { Contender } from '../contender.ts';
import { checkModel } from '../check-model.ts';
import type { Change, LoadModel, Model } from '../model.ts';
import { Collector, notSent, type RequestEnd } from '../stats/collector.ts';
import type { RunResult } from '../stats/run-result.ts';
import { CentralQueue } from './central-queue.ts';
import { Client } from './client.ts';
import { EventQueue } from './event-queue.ts';
import { ended, type Ended, Jobs } from './jobs.ts';
import { kinds } from './kinds.ts';
import { Membership } from './membership.ts';
import { outcomes } from './outcomes.ts';
import { Probes } from './probes.ts';
import { Requests } from './requests.ts';
import { Server } from './server.ts';

/** How long a run goes on after the load has ended, so that requests under way can end too. */
const drainMs = 60_000;
/** How often pending requests are looked at when nothing happens that could free a peer: ejections end by time alone. */
const wakeMs = 5;

/** What differs between runs of the same model. */
export interface SimulationOptions {
  readonly seed: number;
  /** Length of a point of the series, in milliseconds. Defaults to no series. */
  readonly sampleMs?: number;
  /** Events at one instant after which time is taken to stand still. Defaults to 50 000 000: all of 10 000 000 connections at once. */
  readonly maxEventsAtOnce?: number;
}

/** One run of one contender on one model, event by event. */
export class Simulation {
  readonly #model: Model;
  readonly #contender: Contender;
  readonly #seed: number;
  readonly #sampleMs: number;
  readonly #maxEventsAtOnce: number;
  readonly #events = new EventQueue();
  readonly #jobs = new Jobs();
  readonly #requests = new Requests();
  readonly #servers: readonly Server[];
  readonly #clients: readonly Client[];
  readonly #connectionClient: Int32Array;
  readonly #membership: Membership;
  readonly #probes: Probes;
  readonly #collector: Collector;
  readonly #central: CentralQueue | undefined;
  readonly #context: { now: number; exclude: ReadonlySet<Peer> | undefined } = { now: 0, exclude: undefined };
  readonly #delayMs: number;
  readonly #jitterMs: number;
  readonly #maxAttempts: number;
  readonly #maxPending: number;
  readonly #timeoutMs: number;
  readonly #thinkMs: number;
  readonly #pauseAfterFailureMs: number;
  readonly #inFlightTimes: Float64Array;

  #now = 0;
  #perSecond: number;
  /** Goes up with each change of the open load, so that arrivals drawn for the rate before are void. */
  #loadVersion = 0;
  #loading = true;
  #eventsAtOnce = 0;
  #processed = 0;

  constructor(model: Model, contender: Contender, options: SimulationOptions) {
    checkModel(model);
    this.#model = model;
    this.#contender = contender;
    this.#seed = options.seed;
    this.#sampleMs = options.sampleMs ?? Infinity;
    this.#maxEventsAtOnce = options.maxEventsAtOnce ?? 50_000_000;
    this.#delayMs = model.network?.delayMs ?? 0.25;
    this.#jitterMs = model.network?.jitterMs ?? 0;
    this.#maxAttempts = model.clients.maxAttempts ?? 1;
    this.#maxPending = model.clients.maxPending ?? 128;
    this.#timeoutMs = model.clients.attemptTimeoutMs ?? Infinity;
    const { load } = model;
    this.#perSecond = load.kind === 'open' ? load.perSecond : 0;
    this.#thinkMs = load.kind === 'closed' ? (load.thinkMs ?? 0) : 0;
    this.#pauseAfterFailureMs = load.kind === 'closed' ? (load.pauseAfterFailureMs ?? 1) : 0;

    this.#servers = model.servers.map(
      (server, index) =>
        new Server(index, server, model.service, this.#jobs, this.#events, stream(this.#seed, 'failures', index)),
    );
    this.#inFlightTimes = new Float64Array(this.#servers.length);
    this.#membership = new Membership(model, contender, this.#events);
    for (const server of this.#servers) if (server.up) this.#membership.register(server);

    this.#probes = new Probes(this.#events, this.#delayMs);
    const probes: ProbeSource = {
      probe: (peer, sink) => this.#probes.send(peer, this.#membership.serverOf(peer), sink, this.#now),
    };
    const clients = contender.central === true ? 1 : model.clients.count;
    this.#clients = Array.from(
      { length: clients },
      (_, index) =>
        new Client(
          index,
          model.clients,
          contender,
          { probes, client: index, truth: (peer) => this.#membership.serverOf(peer) },
          this.#seed,
        ),
    );
    this.#connectionClient = connectionsOf(model.load, clients);
    this.#central = contender.central === true ? new CentralQueue(this.#servers) : undefined;
    this.#collector = new Collector(this.#servers.length, model.warmupMs ?? 0, model.durationMs, this.#sampleMs);

    this.#updateClients(this.#membership.first());
    this.#schedule();
  }

  get now(): number {
    return this.#now;
  }

  /** Events processed so far. */
  get processed(): number {
    return this.#processed;
  }

  /** Share of the load that has been simulated, from 0 to 1. */
  get progress(): number {
    return Math.min(1, this.#now / this.#model.durationMs);
  }

  /** Runs up to `count` events; false when nothing is left to do. */
  step(count: number): boolean {
    const events = this.#events;
    const last = this.#model.durationMs + drainMs;
    for (let done = 0; done < count; done += 1) {
      if (events.nextTime > last || !events.next()) return false;
      if (events.time > this.#now) {
        this.#now = events.time;
        this.#eventsAtOnce = 0;
      } else {
        this.#eventsAtOnce += 1;
        if (this.#eventsAtOnce > this.#maxEventsAtOnce) {
          throw new Error(
            `Time stands still at ${this.#now} ms: requests fail and are sent again without taking any time`,
          );
        }
      }
      this.#processed += 1;
      this.#handle(events.kind, events.subject, events.version);
      if (!this.#loading && this.#requests.live === 0) return false;
    }
    return true;
  }

  /** What the run showed, once it is over. */
  result(): RunResult {
    for (const request of this.#requests) this.#collector.unfinished(this.#requests.arrivedAt[request]!, this.#now);
    return this.#collector.result(this.#contender.name, this.#seed, this.#servers, this.#inFlightTimes);
  }

  /**
   * Throws when what must always hold does not: what clients count as in flight is what is under way, and so is what the servers
   * count. O(clients × servers): for tests.
   */
  audit(): void {
    const counted = new Map<Peer, number>();
    let under = 0;
    for (const attempt of this.#jobs.attempt) {
      if (attempt === undefined) continue;
      under += 1;
      counted.set(attempt.peer, (counted.get(attempt.peer) ?? 0) + 1);
    }
    for (const { pool } of this.#clients) {
      for (const peer of pool.peers) {
        if (peer.load.inFlight !== (counted.get(peer) ?? 0)) {
          throw new Error(`${peer.id} counts ${peer.load.inFlight} in flight of ${counted.get(peer) ?? 0}`);
        }
      }
    }
    const open = [...this.#requests].reduce((sum, request) => sum + this.#requests.open[request]!, 0);
    if (this.#central === undefined && open !== under) throw new Error(`${open} attempts are open, ${under} under way`);
    for (const server of this.#servers) {
      if (server.assigned < server.inFlight || server.running > server.inFlight) {
        throw new Error(`${server.id} holds ${server.inFlight} of ${server.assigned}, working on ${server.running}`);
      }
    }
  }

  #schedule(): void {
    const { load, changes = [], durationMs, warmupMs = 0 } = this.#model;
    for (const [index, change] of changes.entries()) this.#events.push(change.atMs, kinds.change, index, 0);
    if (load.kind === 'open') for (const client of this.#clients) this.#scheduleArrival(client);
    else
      for (let index = 0; index < this.#connectionClient.length; index += 1)
        this.#events.push(0, kinds.connection, index, 0);
    this.#events.push(warmupMs, kinds.begin, 0, 0);
    if (this.#sampleMs < Infinity) this.#events.push(this.#sampleMs, kinds.sample, 0, 0);
    this.#events.push(durationMs, kinds.end, 0, 0);
  }

  #handle(kind: number, subject: number, version: number): void {
    switch (kind) {
      case kinds.arrive:
        if (version === this.#loadVersion && this.#loading) this.#arrive(this.#clients[subject]!);
        break;
      case kinds.finish:
        if (version === this.#jobs.version[subject]) this.#finish(subject);
        break;
      case kinds.deliver:
        this.#deliver(subject);
        break;
      case kinds.reply:
        this.#replied(subject);
        break;
      case kinds.timeout:
        this.#timedOut(subject);
        break;
      case kinds.retry:
        if (version === this.#requests.version[subject]) this.#send(subject);
        break;
      case kinds.hedge:
        if (version === this.#requests.version[subject]) this.#hedge(subject);
        break;
      case kinds.connection:
        if (this.#loading) this.#begin(this.#clients[this.#connectionClient[subject]!]!, subject);
        break;
      case kinds.change:
        this.#change(this.#model.changes![subject]!);
        break;
      case kinds.expire:
        this.#membership.expired(subject, this.#now);
        break;
      case kinds.snapshot:
        this.#updateClients(this.#membership.snapshot(subject));
        break;
      case kinds.wake:
        this.#clients[subject]!.waking = false;
        this.#sendPending(this.#clients[subject]!);
        break;
      case kinds.probe:
        this.#probes.arrived(subject, this.#now);
        break;
      case kinds.probed:
        this.#probes.answered(subject, this.#now);
        break;
      case kinds.begin:
        this.#collector.begin(this.#servers);
        break;
      case kinds.sample:
        this.#collector.sample(this.#servers, this.#now);
        if (this.#loading) this.#events.push(this.#now + this.#sampleMs, kinds.sample, 0, 0);
        break;
      case kinds.end:
        this.#loading = false;
        for (const server of this.#servers) this.#inFlightTimes[server.index] = server.inFlightTime(this.#now);
        break;
      default:
        throw new Error(`Unknown kind of event: ${kind}`);
    }
  }

  // Requests

  #arrive(client: Client): void {
    this.#scheduleArrival(client);
    this.#begin(client, -1);
  }

  #scheduleArrival(client: Client): void {
    const perClient = this.#perSecond / this.#clients.length;
    if (perClient === 0) return;
    const gap = (-Math.log(1 - client.arrivals()) / perClient) * 1000;
    this.#events.push(this.#now + gap, kinds.arrive, client.index, this.#loadVersion);
  }

  #begin(client: Client, connection: number): void {
    client.budget?.deposit(this.#now);
    this.#send(this.#requests.add(client.index, connection, client.luck(), this.#now));
  }

  /** Sends an attempt of a request, or has it wait until somebody can take one. */
  #send(request: number): void {
    const client = this.#clients[this.#requests.client[request]!]!;
    if (this.#central !== undefined) {
      this.#launch(request, client, -1, undefined);
      return;
    }
    const peer = this.#pick(request, client);
    if (peer !== undefined) this.#sendTo(request, client, peer);
    else if (client.pending.length < this.#maxPending) this.#wait(request, client);
    else this.#end(request, notSent);
  }

  #pick(request: number, client: Client): Peer | undefined {
    this.#context.now = this.#now;
    const tried = this.#requests.tried[request];
    this.#context.exclude = tried;
    const peer = client.pool.pick(this.#context);
    if (peer !== undefined || tried === undefined) return peer;
    // A peer that has failed this request is better than none.
    this.#context.exclude = undefined;
    return client.pool.pick(this.#context);
  }

  #sendTo(request: number, client: Client, peer: Peer): void {
    if (this.#maxAttempts > 1 || client.hedge !== undefined) {
      const tried = (this.#requests.tried[request] ??= new Set<Peer>());
      tried.add(peer);
    }
    const attempt = client.pool.begin(peer, this.#now);
    this.#launch(request, client, this.#membership.serverOf(peer).index, attempt);
  }

  #launch(request: number, client: Client, server: number, attempt: Attempt | undefined): void {
    const requests = this.#requests;
    requests.attempts[request]! += 1;
    requests.open[request]! += 1;
    // A second attempt is other work: another cache, another lock, another moment.
    const luck = requests.attempts[request] === 1 ? requests.luck[request]! : client.retries();
    const job = this.#jobs.add(request, server, luck);
    this.#jobs.attempt[job] = attempt;
    if (server >= 0) {
      this.#servers[server]!.assigned += 1;
      this.#collector.sent(server, this.#now);
    }
    if (this.#timeoutMs < Infinity) {
      this.#events.push(this.#now + this.#timeoutMs, kinds.timeout, job, 0);
    }
    if (client.hedge !== undefined && requests.attempts[request] === 1) {
      const delay = client.hedge.delayMs();
      if (delay !== undefined) this.#events.push(this.#now + delay, kinds.hedge, request, requests.version[request]!);
    }
    const way = this.#way(client);
    if (way === 0) this.#deliver(job);
    else this.#events.push(this.#now + way, kinds.deliver, job, 0);
  }

  #wait(request: number, client: Client): void {
    client.pending.push(request);
    if (client.waking) return;
    client.waking = true;
    this.#events.push(this.#now + wakeMs, kinds.wake, client.index, 0);
  }

  #sendPending(client: Client): void {
    const { pending } = client;
    while (pending.length > 0) {
      const peer = this.#pick(pending.first, client);
      if (peer === undefined) break;
      this.#sendTo(pending.shift(), client, peer);
    }
    if (pending.length === 0 || client.waking) return;
    client.waking = true;
    this.#events.push(this.#now + wakeMs, kinds.wake, client.index, 0);
  }

  // Servers

  #deliver(job: number): void {
    if (this.#central !== undefined) {
      const server = this.#central.deliver(job);
      if (server !== undefined) this.#startCentral(job, server);
      return;
    }
    const server = this.#servers[this.#jobs.server[job]!]!;
    const refusal = server.deliver(job, this.#now);
    if (refusal !== undefined) this.#answer(job, refusal);
  }

  #finish(job: number): void {
    const server = this.#servers[this.#jobs.server[job]!]!;
    server.finish(job, this.#now);
    this.#answer(job, this.#jobs.endOf(job));
    this.#feedCentral();
  }

  /** The server is done with a job, in whatever way: its answer is on the way. */
  #answer(job: number, end: Ended): void {
    this.#jobs.outcome[job] = end;
    const server = this.#jobs.server[job]!;
    if (server >= 0) this.#servers[server]!.assigned -= 1;
    const request = this.#jobs.request[job]!;
    const way = request < 0 ? 0 : this.#way(this.#clients[this.#requests.client[request]!]!);
    if (way === 0) this.#replied(job);
    else this.#events.push(this.#now + way, kinds.reply, job, 0);
  }

  #startCentral(job: number, server: Server): void {
    this.#jobs.server[job] = server.index;
    server.assigned += 1;
    this.#collector.sent(server.index, this.#now);
    const refusal = server.deliver(job, this.#now);
    if (refusal !== undefined) this.#answer(job, refusal);
  }

  #feedCentral(): void {
    const central = this.#central;
    if (central === undefined) return;
    for (let next = central.next(); next !== undefined; next = central.next())
      this.#startCentral(next.job, next.server);
  }

  // Answers

  #replied(job: number): void {
    const request = this.#jobs.request[job]!;
    const end = this.#jobs.endOf(job);
    const server = this.#jobs.server[job]!;
    const attempt = this.#jobs.attempt[job];
    this.#jobs.remove(job);
    // Nobody waits for it any more; how it ended for its client has been counted.
    if (request < 0) return;
    this.#collector.attemptEnded(server, end, this.#now);
    const client = this.#clients[this.#requests.client[request]!]!;
    if (attempt !== undefined) {
      attempt.end(outcomes[end]!, this.#now);
      client.hedge?.record(this.#now - attempt.startedAt);
    }
    this.#requests.open[request]! -= 1;
    this.#settle(request, client, end);
    if (client.pending.length > 0) this.#sendPending(client);
  }

  #timedOut(job: number): void {
    const attempt = this.#jobs.attempt[job];
    // The attempt is over, or the row is by now another one's, whose time is not yet up.
    if (attempt === undefined || this.#now < attempt.startedAt + this.#timeoutMs) return;
    const request = this.#jobs.request[job]!;
    const client = this.#clients[this.#requests.client[request]!]!;
    attempt.end(outcomes[ended.timeout]!, this.#now);
    this.#abandon(job);
    this.#collector.attemptEnded(this.#jobs.server[job]!, ended.timeout, this.#now);
    this.#requests.open[request]! -= 1;
    this.#settle(request, client, ended.timeout);
    if (client.pending.length > 0) this.#sendPending(client);
  }

  /** An attempt of a request has ended: so has the request, or it tries again. */
  #settle(request: number, client: Client, end: Ended): void {
    const requests = this.#requests;
    if (end === ended.success) {
      if (requests.open[request]! > 0) this.#dropOthers(request, client);
      this.#end(request, end);
      return;
    }
    requests.lastFailure[request] = end;
    if (requests.open[request]! > 0) return;
    if (requests.attempts[request]! < this.#maxAttempts && client.budget?.tryWithdraw(this.#now) === true) {
      this.#collector.retried(this.#now);
      const wait = client.backoff.delayMs(requests.attempts[request]!, client.retries);
      this.#events.push(this.#now + wait, kinds.retry, request, requests.version[request]!);
      return;
    }
    this.#end(request, end);
  }

  #hedge(request: number): void {
    const requests = this.#requests;
    if (requests.open[request] !== 1 || requests.hedged[request] === 1) return;
    const client = this.#clients[requests.client[request]!]!;
    this.#context.now = this.#now;
    this.#context.exclude = requests.tried[request];
    const peer = client.pool.pick(this.#context);
    if (peer === undefined || client.budget?.tryWithdraw(this.#now) !== true) return;
    requests.hedged[request] = 1;
    this.#collector.hedged(this.#now);
    this.#sendTo(request, client, peer);
  }

  /** Gives up the other attempts of a request that has been answered. O(jobs), but hedges that both run are few. */
  #dropOthers(request: number, client: Client): void {
    const jobs = this.#jobs;
    for (let job = 0; job < jobs.attempt.length; job += 1) {
      const attempt = jobs.attempt[job];
      if (attempt === undefined || jobs.request[job] !== request) continue;
      attempt.end(outcomes[abandoned]!, this.#now);
      client.hedge?.record(this.#now - attempt.startedAt);
      this.#abandon(job);
      this.#requests.open[request]! -= 1;
    }
  }

  /** Nobody waits for a job any more; the server works on. */
  #abandon(job: number): void {
    this.#jobs.request[job] = -1;
    this.#jobs.attempt[job] = undefined;
  }

  #end(request: number, end: RequestEnd): void {
    const { connection, arrivedAt } = this.#requests;
    this.#collector.requestEnded(arrivedAt[request]!, end, this.#now);
    const from = connection[request]!;
    this.#requests.remove(request);
    if (from < 0 || !this.#loading) return;
    const pause = end === ended.success ? 0 : this.#pauseAfterFailureMs;
    this.#events.push(this.#now + this.#thinkMs + pause, kinds.connection, from, 0);
  }

  // What happens to the cluster

  #change(change: Change): void {
    if (change.kind === 'load') {
      this.#perSecond = change.perSecond;
      this.#loadVersion += 1;
      for (const client of this.#clients) this.#scheduleArrival(client);
      return;
    }
    const server = this.#servers.find(({ id }) => id === change.server)!;
    switch (change.kind) {
      case 'speed':
        server.setSpeed(change.speed, this.#now);
        break;
      case 'slots':
        server.setSlots(change.slots, this.#now);
        this.#feedCentral();
        break;
      case 'failing':
        server.setFailing(change.share, change.afterMs);
        break;
      case 'crash':
        for (const job of server.crash(this.#now)) this.#answer(job, ended.reset);
        this.#membership.lose(server, this.#now);
        break;
      case 'start':
        if (server.up) break;
        server.start();
        this.#membership.register(server);
        this.#membership.publish(this.#now);
        this.#feedCentral();
        break;
      case 'drain':
        this.#membership.amend(server, { state: 'draining' }, this.#now);
        break;
      case 'weight':
        this.#membership.amend(server, { weight: change.weight }, this.#now);
        break;
      case 'deregister':
        this.#membership.amend(server, 'deregister', this.#now);
        break;
      default:
        change satisfies never;
    }
  }

  #updateClients(snapshot: Snapshot): void {
    for (const client of this.#clients) {
      client.pool.update(snapshot, this.#now);
      if (client.pending.length > 0) this.#sendPending(client);
    }
  }

  /** Time from one end of the network to the other. */
  #way(client: Client): number {
    return this.#jitterMs === 0 ? this.#delayMs : this.#delayMs + this.#jitterMs * client.network();
  }
}

/** Index among the outcomes of an attempt that the client gave up itself. */
const abandoned = 6;

/** Which client each connection of a closed loop belongs to. */
function connectionsOf(load: LoadModel, clients: number): Int32Array {
  const count = load.kind === 'closed' ? load.connections : 0;
  return Int32Array.from({ length: count }, (_, connection) => connection % clients);
}
