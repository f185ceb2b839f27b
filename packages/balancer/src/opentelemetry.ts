/**
 * Spans by OpenTelemetry's conventions, for applications that trace.
 *
 * `@opentelemetry/instrumentation-undici` already makes a client span and a duration for every attempt, with the peer's address. What it
 * cannot know is which of them belong to one request. {@link requestSpans} puts a span around those, of kind internal and with
 * attributes of its own, so that nothing that counts HTTP clients counts it twice; {@link attemptAttributes} says on each client span
 * which attempt it is.
 *
 * Nothing is imported from `@opentelemetry/api`; what is needed of it is written down below and handed in.
 */
import type { Dispatcher } from 'undici';

import type { Controller, Handler, ResponseHeaders, Trailers, UpgradedSocket } from './call/caller.ts';
import type { RequestInfo } from './channels.ts';
import { codeOf } from './errors.ts';
import { attemptHeader, findHeader } from './headers/header-list.ts';

type AttributeValue = string | number | boolean;

interface Span {
  setAttribute(name: string, value: AttributeValue): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

interface Tracer<Context> {
  startSpan(name: string, options?: { kind?: number }, context?: Context): Span;
}

/** What is needed of `@opentelemetry/api`: the module itself will do. */
export interface OpenTelemetryApi<Context> {
  readonly trace: {
    getTracer(name: string): Tracer<Context>;
    setSpan(context: Context, span: never): Context;
  };
  readonly context: {
    active(): Context;
    with(context: Context, run: () => boolean): boolean;
  };
}

const internal = 0;
const errorStatus = 2;
/** What the conventions have for an error that has no name. */
const otherError = '_OTHER';

/** An interceptor that puts a span around each request, for `createBalancer({ interceptors: [requestSpans(api)] })`. */
export function requestSpans<Context>(api: OpenTelemetryApi<Context>): Dispatcher.DispatcherComposeInterceptor {
  const tracer = api.trace.getTracer('@lb/balancer');
  return (dispatch) => (options, handler) => {
    const active = api.context.active();
    const span = tracer.startSpan(`lb ${options.method}`, { kind: internal }, active);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is a span of the very API that takes it
    const inside = api.trace.setSpan(active, span as never);
    return api.context.with(inside, () => dispatch(options, new SpanHandler(span, handler)));
  };
}

/** What `startSpanHook` of `@opentelemetry/instrumentation-undici` may add to the span of an attempt. */
export function attemptAttributes(request: { readonly headers?: unknown }): Record<string, number> {
  const { headers } = request;
  const number = Array.isArray(headers) ? Number(findHeader(headers, attemptHeader)) : NaN;
  return number > 1 ? { 'http.request.resend_count': number - 1 } : {};
}

/** Passes everything on, and ends the span where the request ends. */
class SpanHandler implements Handler {
  readonly #span: Span;
  readonly #handler: Handler;
  #info: RequestInfo | undefined;

  constructor(span: Span, handler: Handler) {
    this.#span = span;
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: { readonly lb?: RequestInfo } | null): void {
    this.#info = context?.lb;
    this.#handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, statusCode: number, headers: ResponseHeaders, socket: UpgradedSocket): void {
    this.#end();
    this.#handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  onResponseStart(controller: Controller, statusCode: number, headers: ResponseHeaders, statusText?: string): void {
    this.#handler.onResponseStart?.(controller, statusCode, headers, statusText);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: Trailers): void {
    this.#end();
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    const isError = error instanceof Error;
    this.#span.setAttribute('error.type', String(codeOf(error) ?? (isError ? error.name : otherError)));
    this.#span.setStatus({ code: errorStatus, message: isError ? error.message : String(error) });
    this.#end();
    this.#handler.onResponseError?.(controller, error);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onBodySent(chunk: Buffer): void {
    this.#handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#handler.onRequestSent?.();
  }

  #end(): void {
    const info = this.#info;
    if (info !== undefined) {
      this.#span.setAttribute('lb.service', info.service);
      this.#span.setAttribute('lb.policy', info.policy);
      this.#span.setAttribute('lb.attempts', info.attempts);
      this.#span.setAttribute('lb.hedged', info.hedged);
      if (info.peer !== undefined) this.#span.setAttribute('lb.peer', info.peer.id);
    }
    this.#span.end();
  }
}
