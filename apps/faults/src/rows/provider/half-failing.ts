import { most, type Row, within } from '../../row.ts';

export const halfFailing: Row = {
  name: 'provider/half-failing',
  fault: 'One of 4 providers answers half of its requests with 503 for 4 s',
  promise: '0 failed; out within 1.5 s; at most 1.10 attempts a request',
  async run(stage) {
    const { client, victim } = await stage.system();
    const { history, at, healedAt } = await stage.under({
      client,
      fault: () => victim.tell({ kind: 'fail', share: 0.5, statusCode: 503 }),
      forMs: 4000,
      heal: () => victim.tell({ kind: 'fail', share: 0, statusCode: 503 }),
      thenMs: 500,
    });
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('out of rotation', 1500, history.outOfRotation(victim.name, at) - at),
      most('attempts a request', 1.1, history.attemptsPerRequest(at, healedAt)),
    ];
  },
};
