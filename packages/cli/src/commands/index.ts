import type { Command } from '../command.ts';
import { completion } from './completion.ts';
import { ls } from './ls.ts';
import { watch } from './watch.ts';

/** In the order of the help. */
export const commands: readonly Command[] = [ls, watch, completion];
