export { Operators } from './operators.ts';
export { page, type PageOptions } from './page.ts';
export type { ConsumerState, History, LogEntry } from './wire.ts';
