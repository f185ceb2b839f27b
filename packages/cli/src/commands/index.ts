import type { Command } from '../command.ts';
import { call } from './call.ts';
import { check } from './check.ts';
import { completion } from './completion.ts';
import { drain } from './drain.ts';
import { ls } from './ls.ts';
import { overrideClear, overrideLs, overrideSet } from './override.ts';
import { simulate } from './simulate.ts';
import { watch } from './watch.ts';
import { weight } from './weight.ts';

/** In the order of the help. */
export const commands: readonly Command[] = [
  ls,
  watch,
  check,
  drain,
  weight,
  overrideLs,
  overrideSet,
  overrideClear,
  call,
  simulate,
  completion,
];
