import { expect, it } from 'vitest';

import { isTraced, startTracing } from './tracing.ts';

it.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318' }, true],
  [{ OTEL_TRACES_EXPORTER: 'console' }, true],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, false],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'console' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
])('with %j traces: %j', (env, traced) => {
  expect(isTraced(env)).toBe(traced);
});

it('costs nothing where there is nowhere to send spans to', async () => {
  const tracing = await startTracing('a', {});
  expect(tracing.interceptors).toEqual([]);
  await tracing.close();
});
