import type { InspectedService, Subject } from '@lb/registry';

import { styled, Terminal } from './terminal/terminal.ts';
import type { World } from './world.ts';

/** Tells, where errors go, of keys that consumers skip; of one kind, or of both. */
export function sayUnreadable(services: readonly InspectedService[], world: World, only?: Subject): void {
  const terminal = new Terminal(world.stderr, world.env);
  for (const { name, unreadable } of services) {
    for (const { subject, key, why } of unreadable) {
      if (only !== undefined && subject !== only) continue;
      terminal.line(styled('yellow', 'lb:'), ` ${name}: consumers skip ${key}: ${why}`);
    }
  }
}
