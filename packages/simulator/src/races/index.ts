import { ablation } from './ablation.ts';
import type { Race } from './race.ts';
import { race123 } from './race-1-2-3.ts';
import { race2018 } from './race-2018.ts';
import { race2019 } from './race-2019.ts';

/** Every race, by name; the last is not run unless it is asked for. */
export const races: Readonly<Record<string, Race>> = {
  [race2018.name]: race2018,
  [race2019.name]: race2019,
  [race123.name]: race123,
  [ablation.name]: ablation,
};

/** What `race` runs when no race is named. */
export const usualRaces: readonly string[] = [race2018.name, race2019.name, race123.name];
