import { most, note, type Row } from '../../row.ts';

/** Nine times the work of the others on top of it. */
const delayMs = 180;

export const slow: Row = {
  name: 'provider/slow',
  fault: 'One of 4 providers takes ten times as long for 4 s',
  promise: '0 failed; the slow one gets at most half of its fair share; p99 at most 3 times the usual',
  quick: true,
  async run(stage) {
    const { client, victim, providers } = await stage.system();
    const { history, at, healedAt } = await stage.under({
      client,
      fault: () => victim.tell({ kind: 'delay', ms: delayMs }),
      forMs: 4000,
      heal: () => victim.tell({ kind: 'delay', ms: 0 }),
      thenMs: 500,
    });
    const fair = 1 / providers.length;
    const [usual, slowed] = [history.latency(0.99, -Infinity, at), history.latency(0.99, at, healedAt)];
    return [
      most('failed', 0, history.failed().length, history.failures()),
      most('part of its fair share', 0.5, history.share(victim.name, at, healedAt) / fair),
      most('p99 compared with the usual', 3, slowed / usual),
      note('usual p99', usual, 'ms'),
      note('p99 meanwhile', slowed, 'ms'),
    ];
  },
};
