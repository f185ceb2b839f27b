/**
 * Ends this process on SIGINT and SIGTERM as `process.exit` does: what it has started is killed on the way, frozen processes and namespaces
 * included. A signal alone ends a process without a word to anybody.
 */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
}
