/**
 * Fills a Prometheus registry with what balancers do. Works with `@prometheus-io/client` and with `prom-client`, whichever the
 * application has: nothing is imported from either, and what is needed of them is written down below.
 *
 * Counters follow the channels of this package, gauges are read when the registry is. The series of a peer go with the peer, those of
 * a service with the last balancer of it: where services are opened as callers ask for them, callers would fill the registry otherwise.
 */
import type { Outcome, Peer, PeerState, PoolStatus } from '@lb/core';

import type { Balancer } from './balancer.ts';
import { channels, type RequestInfo } from './channels.ts';
import { codeOf } from './errors.ts';

type Labels = Readonly<Record<string, string>>;

interface Configuration<R> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: R[];
  readonly buckets?: number[];
  readonly collect?: () => void;
}

interface Removable {
  remove(labels: Labels): void;
}

interface Counter extends Removable {
  inc(labels: Labels, value?: number): void;
}

interface Gauge extends Removable {
  set(labels: Labels, value: number): void;
}

interface Histogram extends Removable {
  observe(labels: Labels, value: number): void;
}

/** What is needed of the client library: the module itself will do. */
export interface PrometheusClient<R> {
  readonly Counter: new (configuration: Configuration<R>) => Counter;
  readonly Gauge: new (configuration: Configuration<R>) => Gauge;
  readonly Histogram: new (configuration: Configuration<R>) => Histogram;
}

/** What to count into, and for whom. */
export interface BalancerMetricsOptions<R> {
  /** The client library, such as `import * as client from '@prometheus-io/client'`. */
  readonly client: PrometheusClient<R>;
  /** The registry to fill, such as `client.register`. */
  readonly registry: R;
}

/** Upper bounds in seconds, from an answer within a rack to one that nobody waits for. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const peerStates: readonly PeerState[] = ['serving', 'warming', 'draining', 'ejected', 'probing', 'suspect'];

/** How a request ended, as far as it can be told by few words. */
type Result = 'ok' | 'error' | 'overflow' | 'no_endpoint' | 'deadline' | 'failed' | 'closed' | 'aborted';

const resultOfCode: ReadonlyMap<unknown, Result> = new Map([
  ['ERR_OVERFLOW', 'overflow'],
  ['ERR_NO_ENDPOINT', 'no_endpoint'],
  ['ERR_DEADLINE', 'deadline'],
  ['ERR_ATTEMPTS_FAILED', 'failed'],
  ['ERR_BALANCER_CLOSED', 'closed'],
]);

/** One for each registry: the client libraries allow a name once. Counts for all balancers of the process. */
export class BalancerMetrics<R> {
  readonly #options: BalancerMetricsOptions<R>;
  readonly #balancers = new Set<Balancer>();
  readonly #stops: (() => void)[];

  readonly #requests: Counter;
  readonly #duration: Histogram;
  readonly #attempts: Counter;
  readonly #retries: Counter;
  readonly #noRetries: Counter;
  readonly #budgetExhausted: Counter;
  readonly #hedges: Counter;
  readonly #ejections: Counter;
  readonly #overflow: Counter;
  /** Outcomes that there are series of, by peer, so that they can be removed with it. */
  readonly #outcomes = new Map<Peer, Set<string>>();
  /** Series that belong to no peer: labels by what tells them apart, by metric, by service. */
  readonly #series = new Map<string, Map<Removable, Map<string, Labels>>>();
  readonly #statuses = new Map<Balancer, { readonly at: number; readonly status: PoolStatus }>();

  constructor(options: BalancerMetricsOptions<R>) {
    this.#options = options;
    this.#requests = this.#counter('lb_requests_total', 'Requests that have ended, by how they did', ['result']);
    this.#duration = new options.client.Histogram({
      ...this.#about('lb_request_duration_seconds', 'Until the answer began, or there was none', ['result']),
      buckets,
    });
    this.#attempts = this.#counter('lb_attempts_total', 'Attempts that have ended, by peer and outcome', [
      'peer',
      'outcome',
    ]);
    this.#retries = this.#counter('lb_retries_total', 'Attempts after one that failed, by how it failed', ['kind']);
    this.#noRetries = this.#counter('lb_no_retries_total', 'Failed attempts that were the last, by why', ['why']);
    this.#budgetExhausted = this.#counter(
      'lb_retry_budget_exhausted_total',
      'Retries that the budget did not allow',
      [],
    );
    this.#hedges = this.#counter('lb_hedges_total', 'Hedged requests, by whether the hedge answered first', ['result']);
    this.#ejections = this.#counter('lb_ejections_total', 'Ejections, prolonged ones included, by what asked', [
      'reason',
    ]);
    this.#overflow = this.#counter('lb_overflow_total', 'Requests refused, by the limit that was reached', ['limit']);
    this.#countPanics();
    this.#gauges();
    this.#stops = this.#listen();
  }

  /**
   * Has the registry tell of `balancer`. Returns what ends that, to be called once the balancer is closed: what is counted after it, of
   * requests that were under way, stays.
   */
  watch(balancer: Balancer): () => void {
    const { service } = balancer.pool;
    this.#balancers.add(balancer);
    return () => {
      for (const peer of balancer.pool.peers) this.#forget(service, peer);
      this.#balancers.delete(balancer);
      this.#statuses.delete(balancer);
      if (![...this.#balancers].some(({ pool }) => pool.service === service)) this.#forgetService(service);
    };
  }

  /** Stops counting. What has been counted stays in the registry. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#balancers.clear();
  }

  #listen(): (() => void)[] {
    return [
      channels.request.subscribe((info) => this.#countRequest(info)),
      channels.attempt.subscribe(({ service, peer, outcome }) => this.#countAttempt(service, peer, outcome)),
      channels.retry.subscribe(({ service, kind }) => this.#count(this.#retries, service, { kind })),
      channels.noRetry.subscribe(({ service, why }) => {
        this.#count(this.#noRetries, service, { why });
        if (why === 'budget') this.#count(this.#budgetExhausted, service);
      }),
      channels.eject.subscribe(({ service, ejection }) =>
        this.#count(this.#ejections, service, { reason: ejection.reason }),
      ),
      channels.overflow.subscribe(({ service, limit }) => this.#count(this.#overflow, service, { limit })),
      channels.update.subscribe(({ service, change }) => {
        for (const peer of change.removed) this.#forget(service, peer);
      }),
      channels.purge.subscribe(({ service, peer }) => this.#forget(service, peer)),
    ];
  }

  #countRequest(info: RequestInfo): void {
    const { service, elapsedMs, hedged, hedgeWon } = info;
    const result = resultOf(info);
    this.#count(this.#requests, service, { result });
    if (elapsedMs !== undefined) {
      this.#duration.observe(this.#remember(this.#duration, service, { result }), elapsedMs / 1000);
    }
    if (hedged) this.#count(this.#hedges, service, { result: hedgeWon ? 'won' : 'lost' });
  }

  #count(counter: Counter, service: string, label: Labels = {}, more = 1): void {
    counter.inc(this.#remember(counter, service, label), more);
  }

  /** The labels of a series that belongs to no peer, kept so that it can be removed. O(1). */
  #remember(metric: Removable, service: string, label: Labels): Labels {
    let metrics = this.#series.get(service);
    if (metrics === undefined) this.#series.set(service, (metrics = new Map()));
    let series = metrics.get(metric);
    if (series === undefined) metrics.set(metric, (series = new Map()));
    const name = Object.values(label).join();
    let labels = series.get(name);
    if (labels === undefined) series.set(name, (labels = { service, ...label }));
    return labels;
  }

  #forgetService(service: string): void {
    for (const [metric, series] of this.#series.get(service) ?? []) {
      for (const labels of series.values()) metric.remove(labels);
    }
    this.#series.delete(service);
  }

  #countAttempt(service: string, peer: Peer, outcome: Outcome): void {
    const reason = outcome.kind === 'failure' ? outcome.reason : outcome.kind;
    let outcomes = this.#outcomes.get(peer);
    if (outcomes === undefined) this.#outcomes.set(peer, (outcomes = new Set()));
    outcomes.add(reason);
    this.#attempts.inc({ service, peer: peer.id, outcome: reason });
  }

  /** A peer that has gone takes its series along, or each deployment would leave some behind. */
  #forget(service: string, peer: Peer): void {
    for (const outcome of this.#outcomes.get(peer) ?? []) this.#attempts.remove({ service, peer: peer.id, outcome });
    this.#outcomes.delete(peer);
  }

  #gauges(): void {
    const perPeer = ['peer'];
    this.#gauge('lb_in_flight', 'Attempts under way on a peer', perPeer, ({ peers }) =>
      peers.map(({ id, inFlight }) => [{ peer: id }, inFlight]),
    );
    this.#gauge('lb_weight', 'Share of a peer in effect now, relative to the others', perPeer, ({ peers }) =>
      peers.map(({ id, effectiveWeight }) => [{ peer: id }, effectiveWeight]),
    );
    this.#gauge('lb_peer_state', '1 for the state that a peer is in', ['peer', 'state'], ({ peers }) =>
      peers.map(({ id, state }) => [{ peer: id, state }, 1]),
    );
    this.#gauge('lb_peers', 'Peers by state', ['state'], ({ peers }) =>
      peerStates.map((state) => [{ state }, peers.filter((peer) => peer.state === state).length]),
    );
    this.#gauge('lb_ejected', 'Peers that are set aside', [], ({ ejected }) => [[{}, ejected]]);
    this.#gauge('lb_panic', '1 while too few peers are available and all are picked from', [], ({ tier }) => [
      [{}, tier === 'panic' ? 1 : 0],
    ]);
    this.#gauge('lb_registry_revision', 'Revision of the last snapshot', [], ({ revision }) => [[{}, revision]]);
    this.#gauge('lb_requests_in_flight', 'Requests under way, waiting ones included', [], (_status, { stats }) => [
      [{}, stats.inFlight],
    ]);
    this.#gauge('lb_queued', 'Requests that wait for a peer with room', [], (_status, { stats }) => [
      [{}, stats.queued],
    ]);
    this.#gauge('lb_retry_budget_ratio', 'Part of the retry budget that is left', [], (_status, { stats }) => [
      [{}, stats.retryBudgetShare],
    ]);
    this.#gauge(
      'lb_registry_stale',
      '1 when the discovery has ended and the last snapshot stays in use',
      [],
      (_s, { stats }) => [[{}, stats.stale ? 1 : 0]],
    );
  }

  #countPanics(): void {
    const counted = new WeakMap<Balancer, number>();
    const counter = new this.#options.client.Counter({
      ...this.#about('lb_panic_picks_total', 'Attempts begun while too few peers were available', []),
      collect: () => {
        for (const balancer of this.#balancers) {
          const { panicPicks } = balancer.stats;
          this.#count(counter, balancer.pool.service, {}, panicPicks - (counted.get(balancer) ?? 0));
          counted.set(balancer, panicPicks);
        }
      },
    });
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return new this.#options.client.Counter(this.#about(name, help, labelNames));
  }

  /** A gauge that is set when the registry is read. What it said before and says no longer is removed. */
  #gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (status: PoolStatus, balancer: Balancer) => readonly (readonly [Labels, number])[],
  ): void {
    let told = new Map<string, Labels>();
    const gauge = new this.#options.client.Gauge({
      ...this.#about(name, help, labelNames),
      collect: () => {
        const telling = new Map<string, Labels>();
        for (const balancer of this.#balancers) {
          for (const [own, value] of read(this.#statusOf(balancer), balancer)) {
            const labels = { service: balancer.pool.service, ...own };
            telling.set(JSON.stringify(labels), labels);
            gauge.set(labels, value);
          }
        }
        for (const [key, labels] of told) if (!telling.has(key)) gauge.remove(labels);
        told = telling;
      },
    });
  }

  /** One status for all gauges of a reading: each is O(n). */
  #statusOf(balancer: Balancer): PoolStatus {
    const now = performance.now();
    const known = this.#statuses.get(balancer);
    if (known !== undefined && now - known.at < sameReadingMs) return known.status;
    const status = balancer.pool.status(now);
    this.#statuses.set(balancer, { at: now, status });
    return status;
  }

  #about(name: string, help: string, labelNames: readonly string[]): Configuration<R> {
    return { name, help, labelNames: ['service', ...labelNames], registers: [this.#options.registry] };
  }
}

const sameReadingMs = 20;

function resultOf({ error, aborted, statusCode = 0 }: RequestInfo): Result {
  if (aborted) return 'aborted';
  if (error === undefined) return statusCode >= 500 ? 'error' : 'ok';
  return resultOfCode.get(codeOf(error)) ?? 'failed';
}
