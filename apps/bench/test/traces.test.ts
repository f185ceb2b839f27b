/** What a collector is told of one request, by the real services. */
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { request } from 'undici';
import { expect, it } from 'vitest';

import { System } from '../src/services/system.ts';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

it('is one trace: the request, what the balancer makes of it, the attempt, and the request that the provider gets', async () => {
  await using stack = new AsyncDisposableStack();
  const spans: Span[] = [];
  const collector = createServer((incoming, response) => {
    void json(incoming).then((body) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as OTLP/HTTP has it
      for (const { scopeSpans } of (body as Export).resourceSpans)
        spans.push(...scopeSpans.flatMap((one) => one.spans));
      return response.end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  stack.defer(() => void (collector.closeAllConnections(), collector.close()));
  const address = collector.address();
  const traced = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
  const system = stack.use(await System.start());
  await system.provider('provider', traced);
  const { origin } = await system.consumer('consumer', traced);
  const answer = await request(`${origin}/hash?text=a`);
  await answer.body.dump();
  expect(answer.statusCode).toBe(200);

  await expect.poll(() => spans.length).toBeGreaterThanOrEqual(4);
  // From the root down, each the parent of the next.
  const chain: string[] = [];
  for (let span = spans.find(({ parentSpanId = '' }) => parentSpanId === ''); span !== undefined;) {
    const { spanId, traceId, name } = span;
    chain.push(name);
    span = spans.find((one) => one.parentSpanId === spanId && one.traceId === traceId);
  }
  expect(chain).toEqual(['request', 'lb POST', 'POST', 'request']);
});
