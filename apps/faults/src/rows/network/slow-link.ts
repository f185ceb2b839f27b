import type { FaultProxy } from '@lb/testkit';

import { most, note, type Row } from '../../row.ts';

function slowLink(name: string, what: string, slow: (link: FaultProxy) => void): Row {
  return {
    name: `network/${name}`,
    fault: `${what} between the client and one of 4 providers for 4 s`,
    promise: '0 failed; that provider gets at most half of its fair share',
    async run(stage) {
      const { client, victim, providers, links } = await stage.linkedSystem();
      const { history, at, healedAt } = await stage.under({
        client,
        fault: () => slow(links.clientToVictim),
        forMs: 4000,
        heal: () => links.clientToVictim.heal(),
        thenMs: 500,
      });
      return [
        most('failed', 0, history.failed().length, history.failures()),
        most('part of its fair share', 0.5, history.share(victim.name, at, healedAt) * providers.length),
        note('p99 meanwhile', history.latency(0.99, at, healedAt), 'ms'),
      ];
    },
  };
}

export const slowLinks: readonly Row[] = [
  slowLink('delay', '100 ms of delay each way', (link) => link.delay(100)),
  slowLink('trickle', 'No more than 100 bytes a second', (link) => link.trickle(100)),
];
