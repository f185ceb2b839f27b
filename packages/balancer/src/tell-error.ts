import type { Dispatcher } from 'undici';

/** What undici's dispatchers do and its types do not say: a request that fails before it began has no controller. */
interface ErrorHandler {
  onResponseError?(controller: Dispatcher.DispatchController | null, error: Error): void;
}

export function tellError(
  handler: Dispatcher.DispatchHandler,
  controller: Dispatcher.DispatchController | null,
  error: Error,
): void {
  const told: ErrorHandler = handler;
  told.onResponseError?.(controller, error);
}
