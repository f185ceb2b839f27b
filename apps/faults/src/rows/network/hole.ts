import { most, type Row, within } from '../../row.ts';
import { attemptTimeoutMs } from '../provider/frozen.ts';

function hole(name: string, what: string, ...directions: readonly ('up' | 'down')[]): Row {
  return {
    name: `network/${name}`,
    fault: `${what} between the client and one of 4 providers for 4 s, with nobody told`,
    promise:
      '0 failed; out within 600 ms (the time of an attempt + 100 ms); at most 20 requests wait for it; back within 5 s of the heal',
    async run(stage) {
      const { client, victim, links } = await stage.linkedSystem();
      const { history, at, healedAt } = await stage.under({
        client,
        fault: () => links.clientToVictim.hole(...directions),
        forMs: 4000,
        heal: () => links.clientToVictim.heal(),
        thenMs: 6000,
      });
      const onIt = history.attempts(at, healedAt).filter(({ provider }) => provider === victim.name);
      return [
        most('failed', 0, history.failed().length, history.failures()),
        within('out of rotation', attemptTimeoutMs + 100, history.outOfRotation(victim.name, at) - at),
        most('attempts that waited', 20, onIt.filter(({ outcome }) => outcome !== 'success').length),
        within('back after the heal', 5000, history.firstAnswer(victim.name, healedAt) - healedAt),
      ];
    },
  };
}

export const holes: readonly Row[] = [
  hole('hole', 'All packets get lost', 'up', 'down'),
  hole('hole-for-answers', 'Answers get lost, requests do not,', 'down'),
];
