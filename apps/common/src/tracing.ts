/**
 * OpenTelemetry, for whoever sets its standard variables: where there is nowhere to send spans to, none of it is loaded.
 *
 * A request of a caller is a span of the server (`@fastify/otel`), each attempt at a provider one of a client (`instrumentation-undici`), and
 * what the balancer makes of them one between (`requestSpans`). The context goes on to providers in `traceparent`.
 */
import type { BalancerOptions } from '@lb/balancer';

export interface Tracing {
  /** For `createBalancer()`. */
  readonly interceptors: NonNullable<BalancerOptions['interceptors']>;
  /** Sends what is left. */
  readonly close: () => Promise<void>;
}

/** Whether the environment says where spans go. */
export function isTraced(env: NodeJS.ProcessEnv): boolean {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return false;
  return ['OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].some(
    (name) => (env[name] ?? '') !== '',
  );
}

/** Starts tracing as the environment has it; `name` is what the service is called unless OTEL_SERVICE_NAME says otherwise. Before `fastify()`. */
export async function startTracing(name: string, env: NodeJS.ProcessEnv): Promise<Tracing> {
  if (!isTraced(env)) return { interceptors: [], close: async () => {} };
  const [api, { NodeSDK }, { UndiciInstrumentation }, { default: FastifyOtel }, { attemptAttributes, requestSpans }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-node'),
      import('@opentelemetry/instrumentation-undici'),
      import('@fastify/otel'),
      import('@lb/balancer/opentelemetry'),
    ]);
  const sdk = new NodeSDK({
    serviceName: env['OTEL_SERVICE_NAME'] ?? name,
    instrumentations: [
      new UndiciInstrumentation({ startSpanHook: attemptAttributes }),
      // Health, metrics and the like are asked all the time, and nobody wants to read of it.
      new FastifyOtel.FastifyOtelInstrumentation({
        registerOnInitialization: true,
        // One span a request: a dozen hooks each would bury it.
        instrumentHooks: false,
        instrumentHandler: false,
        ignorePaths: ({ url }) => /^\/(livez|readyz|healthz|metrics|docs|lb)(\/|$)/.test(url),
      }),
    ],
  });
  sdk.start();
  return { interceptors: [requestSpans(api)], close: () => sdk.shutdown() };
}
