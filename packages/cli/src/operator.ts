import { hostname, userInfo } from 'node:os';

import type { Option } from './command.ts';
import type { Given } from './given.ts';

export const byOption: Option = {
  value: 'NAME',
  env: 'LB_BY',
  about: 'who sets it, for others to see (you@this-machine)',
};

/** Who sets an override. */
export function readOperator(given: Given): string {
  return given.text('by') ?? `${userName()}@${hostname()}`.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 128);
}

/** A user id that the system has no name for is what containers often run as. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'somebody';
  }
}
