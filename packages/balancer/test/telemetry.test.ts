/** Metrics and traces as the libraries that applications use collect them. */
import * as otel from '@opentelemetry/api';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import * as prometheus from '@prometheus-io/client';
import { policies } from '@lb/core';
import { describe, expect, it } from 'vitest';

import { BalancerMetrics } from '../src/metrics.ts';
import { attemptAttributes, requestSpans } from '../src/opentelemetry.ts';
import { after, balance, provider } from './support/setup.ts';
import { Snapshots } from './support/snapshots.ts';

describe('metrics', () => {
  /** The samples of a registry, as name{labels} → value. */
  async function read(registry: prometheus.Registry): Promise<Map<string, number>> {
    const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    );
  }

  it('count requests, attempts, retries and refusals, and show what is there', async () => {
    const registry = new prometheus.Registry();
    const metrics = new BalancerMetrics({ client: prometheus, registry });
    after(() => metrics.close());
    const good = await provider('good');
    const bad = await provider('bad', (_request, response) => response.destroy());
    const balancer = balance({ over: [good, bad], policy: policies.roundRobin() });
    metrics.watch(balancer);
    for (const exclude of [['good'], ['bad'], ['good'], ['bad']]) {
      await (await balancer.request('/', { lb: { exclude } })).body.dump();
    }
    const caller = new AbortController();
    caller.abort();
    await balancer.request('/', { signal: caller.signal }).catch(() => {});
    const samples = await read(registry);
    expect(samples.get('lb_requests_total{service="hash",result="ok"}')).toBe(4);
    expect(samples.get('lb_requests_total{service="hash",result="aborted"}')).toBe(1);
    expect(samples.get('lb_request_duration_seconds_count{service="hash",result="ok"}')).toBe(4);
    expect(samples.get('lb_attempts_total{service="hash",peer="good",outcome="success"}')).toBe(4);
    expect(samples.get('lb_attempts_total{service="hash",peer="bad",outcome="reset"}')).toBe(2);
    expect(samples.get('lb_retries_total{service="hash",kind="lost"}')).toBe(2);
    expect(samples.get('lb_in_flight{service="hash",peer="good"}')).toBe(0);
    expect(samples.get('lb_weight{service="hash",peer="good"}')).toBe(1);
    expect(samples.get('lb_peer_state{service="hash",peer="good",state="serving"}')).toBe(1);
    expect(samples.get('lb_peers{service="hash",state="serving"}')).toBe(2);
    expect(samples.get('lb_panic_picks_total{service="hash"}')).toBe(0);
    expect(samples.get('lb_retry_budget_ratio{service="hash"}')).toBeGreaterThan(0.9);
    expect(samples.get('lb_registry_revision{service="hash"}')).toBe(0);
  });

  it('lose the series of a peer with the peer, and those of a state with the state', async () => {
    const registry = new prometheus.Registry();
    const metrics = new BalancerMetrics({ client: prometheus, registry });
    after(() => metrics.close());
    const [a, b] = [await provider('a'), await provider('b')];
    const discovery = new Snapshots();
    const balancer = balance({ over: discovery, policy: policies.roundRobin() });
    const unwatch = metrics.watch(balancer);
    discovery.put(a.endpoint, b.endpoint);
    for (let request = 0; request < 4; request += 1) await (await balancer.request('/')).body.dump();
    const of = (samples: Map<string, number>, id: string) =>
      [...samples.keys()].filter((key) => key.includes(`peer="${id}"`));
    expect(of(await read(registry), 'a').length).toBe(4);
    discovery.put({ ...a.endpoint, state: 'draining' }, b.endpoint);
    const states = async () => of(await read(registry), 'a').filter((key) => key.startsWith('lb_peer_state'));
    await expect.poll(states).toEqual(['lb_peer_state{service="hash",peer="a",state="draining"}']);
    discovery.put(b.endpoint);
    await expect.poll(async () => of(await read(registry), 'a')).toEqual([]);
    unwatch();
    expect(of(await read(registry), 'b')).toEqual([]);
  });

  it('lose the series of a service with the last balancer of it, and with none before', async () => {
    const registry = new prometheus.Registry();
    const metrics = new BalancerMetrics({ client: prometheus, registry });
    after(() => metrics.close());
    const failing = await provider('failing', (_request, response) => response.writeHead(503).end());
    const balancers = [balance({ over: [failing] }), balance({ over: [failing] })];
    const unwatch = balancers.map((balancer) => metrics.watch(balancer));
    for (const balancer of balancers) {
      await (await balancer.request('/')).body.dump();
      await balancer.request('/', { lb: { tags: { nobody: 'has it' } } }).catch(() => {});
    }
    const ofService = async (): Promise<string[]> => [...(await read(registry)).keys()];
    expect(await ofService()).toContain('lb_requests_total{service="hash",result="no_endpoint"}');
    unwatch[0]?.();
    expect(await ofService()).toContain('lb_requests_total{service="hash",result="no_endpoint"}');
    unwatch[1]?.();
    expect((await ofService()).filter((series) => series.includes('service="hash"'))).toEqual([]);
  });

  it('tell why requests failed', async () => {
    const registry = new prometheus.Registry();
    const metrics = new BalancerMetrics({ client: prometheus, registry });
    after(() => metrics.close());
    const bad = await provider('bad', (_request, response) => response.writeHead(503).end());
    const budget = { capacity: 0, perRequest: 0, perSecond: 0 };
    const balancer = balance({ over: [bad], maxInFlight: 1, retry: { budget } });
    metrics.watch(balancer);
    await Promise.allSettled([balancer.request('/').then(({ body }) => body.dump()), balancer.request('/')]);
    const empty = balance({ over: [] });
    await empty.request('/').catch(() => {});
    const samples = await read(registry);
    expect(samples.get('lb_requests_total{service="hash",result="error"}')).toBe(1);
    expect(samples.get('lb_requests_total{service="hash",result="no_endpoint"}')).toBe(1);
    expect(samples.get('lb_overflow_total{service="hash",limit="maxInFlight"}')).toBe(1);
    expect(samples.get('lb_no_retries_total{service="hash",why="budget"}')).toBe(1);
    expect(samples.get('lb_retry_budget_exhausted_total{service="hash"}')).toBe(1);
    expect(samples.get('lb_retry_budget_ratio{service="hash"}')).toBe(0);
  });
});

describe('traces', () => {
  it('have the span of a request end whatever it is aborted for', async () => {
    const ended: unknown[] = [];
    const startSpan = () => {
      const span: Record<string, unknown> = {};
      return {
        setAttribute: (name: string, value: unknown) => (span[name] = value),
        setStatus: ({ message }: { message?: string }) => (span['message'] = message),
        end: () => void ended.push(span),
      };
    };
    const api = {
      trace: { getTracer: () => ({ startSpan }), setSpan: (context: object) => context },
      context: { active: () => ({}), with: (_context: object, run: () => boolean) => run() },
    };
    const balancer = balance({ over: [await provider('p', () => {})], interceptors: [requestSpans(api)] });
    const caller = new AbortController();
    const asked = balancer.request('/', { signal: caller.signal });
    caller.abort('enough');
    await expect(asked).rejects.toBe('enough');
    expect(ended).toMatchObject([{ 'error.type': '_OTHER', message: 'enough' }]);
  });

  it('have one span for a request, and in it one for each attempt', async () => {
    const exporter = new InMemorySpanExporter();
    const tracing = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    tracing.register();
    const instrumentation = new UndiciInstrumentation({ startSpanHook: (request) => attemptAttributes(request) });
    instrumentation.setTracerProvider(tracing);
    instrumentation.enable();
    after(async () => {
      instrumentation.disable();
      await tracing.shutdown();
      otel.trace.disable();
      otel.context.disable();
    });
    const bad = await provider('bad', (_request, response) => response.writeHead(503).end());
    const good = await provider('good');
    const balancer = balance({ over: [bad, good], policy: policies.roundRobin(), interceptors: [requestSpans(otel)] });
    await expect.poll(() => balancer.pool.size).toBe(2);

    await otel.trace.getTracer('test').startActiveSpan('caller', async (span) => {
      for (const exclude of [['good'], ['bad']]) await (await balancer.request('/', { lb: { exclude } })).body.text();
      span.end();
    });
    await expect.poll(() => exporter.getFinishedSpans().length).toBe(6);
    const spans = exporter.getFinishedSpans();
    const named = (name: string) => spans.filter((span) => span.name === name);
    const [caller] = named('caller');
    const logical = named('lb GET');
    const attempts = named('GET');
    expect([logical.length, attempts.length]).toEqual([2, 3]);
    for (const span of logical) expect(span.parentSpanContext?.spanId).toBe(caller?.spanContext().spanId);
    const retried = logical.find(({ attributes }) => attributes['lb.attempts'] === 2);
    expect(retried).toMatchObject({
      kind: otel.SpanKind.INTERNAL,
      attributes: { 'lb.service': 'hash', 'lb.policy': 'roundRobin', 'lb.hedged': false, 'lb.peer': 'good' },
    });
    const inside = attempts.filter((span) => span.parentSpanContext?.spanId === retried?.spanContext().spanId);
    expect(inside.map(({ kind, attributes }) => [kind, attributes['http.request.resend_count']])).toEqual([
      [otel.SpanKind.CLIENT, undefined],
      [otel.SpanKind.CLIENT, 1],
    ]);
    // Nothing that looks like an HTTP client's span but those of attempts.
    for (const { attributes } of logical)
      expect(Object.keys(attributes).filter((key) => key.startsWith('http.'))).toEqual([]);

    const failing = balance({ over: [], interceptors: [requestSpans(otel)] });
    await failing.request('/').catch(() => {});
    await expect.poll(() => exporter.getFinishedSpans().length).toBe(7);
    expect(exporter.getFinishedSpans().at(-1)).toMatchObject({
      status: { code: otel.SpanStatusCode.ERROR },
      attributes: { 'error.type': 'ERR_NO_ENDPOINT' },
    });
  });
});
