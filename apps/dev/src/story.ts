/** What `pnpm demo` does to the system, one thing after the other, and what there is to see. */
import { setTimeout as after } from 'node:timers/promises';

import type { System } from './system.ts';

export interface Chapter {
  readonly name: string;
  /** What happens, and what to watch: a line each. */
  readonly happens: string;
  readonly watch: string;
  readonly seconds: number;
  /** Done when the chapter begins. It is over when that is, and no sooner than `seconds`. */
  readonly begin?: (system: System) => Promise<void>;
}

export const story: readonly Chapter[] = [
  {
    name: 'steady',
    happens: 'Three providers whose capacities stand 1:2:3, and a hundred requests a second.',
    watch: 'the shares, beside what the weights ask for.',
    seconds: 9,
  },
  {
    name: 'killed',
    happens: 'medium is killed. Its key stays in etcd until its lease ends, up to 15 s from now.',
    watch: 'medium turns red and gets nothing, long before etcd knows; what it was working on is asked of the others.',
    seconds: 9,
    begin: (system) => system.killProvider('medium'),
  },
  {
    name: 'slow',
    happens: 'medium is back. large is deployed anew, in a version that takes six times as long.',
    watch: 'large keeps its weight, and loses most of its share: what counts is how it answers.',
    seconds: 12,
    begin: async (system) => {
      await Promise.all([system.redeployProvider('medium'), system.redeployProvider('large', { WORK_MS: '300' })]);
    },
  },
  {
    name: 'redeploy',
    happens: 'All three are redeployed, one after the other; large is as fast as before.',
    watch: 'each says that it drains, is let finish what it has, leaves, and comes back with a new id and slowly more.',
    seconds: 12,
    begin: async (system) => {
      for (const name of ['large', 'medium', 'small']) {
        await system.redeployProvider(name);
        // Long enough to be seen.
        await after(1500);
      }
    },
  },
  {
    name: 'etcd away',
    happens: 'etcd is killed, and all that it held is lost with it.',
    watch: 'the banner on the page; requests go on with the last good list.',
    seconds: 9,
    begin: (system) => system.killEtcd(),
  },
  {
    name: 'etcd back',
    happens: 'etcd is back, and empty. Every provider registers again by itself.',
    watch: 'nobody is forgotten meanwhile: who is missing without having said goodbye is a suspect, and is kept.',
    seconds: 9,
    begin: (system) => Promise.resolve(system.restartEtcd()),
  },
];
