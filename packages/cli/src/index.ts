export { exitCodes, type ExitCode } from './exit-codes.ts';
export { run } from './run.ts';
export type { Sink, World } from './world.ts';
