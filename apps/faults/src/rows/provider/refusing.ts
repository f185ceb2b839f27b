import { most, type Row, within } from '../../row.ts';
import { mixedLoad } from '../../stage.ts';

export const refusing: Row = {
  name: 'provider/refusing',
  fault: 'One of 4 providers listens no more for 4 s, and stays registered; half of the requests are POSTs',
  promise:
    'None refused that was not under way, whatever the method; out within 100 ms; back within 10 s of listening again',
  async run(stage) {
    const { client, victim } = await stage.system();
    const { history, at, healedAt } = await stage.under({
      client,
      load: mixedLoad,
      fault: () => victim.tell({ kind: 'refuse' }),
      forMs: 4000,
      heal: () => victim.tell({ kind: 'listen' }),
      thenMs: 6000,
    });
    // A POST that was under way when its connection broke may have been carried out, and is not repeated: class C.
    const refused = history.failed().filter(({ at: due }) => due >= at);
    return [
      most('failed', 0, refused.length, history.failures(at)),
      most('failed that may be repeated', 0, history.failed().filter(({ method }) => method === 'GET').length),
      within('out of rotation', 100, history.outOfRotation(victim.name, at) - at),
      within('back after listening', 10_000, history.firstAnswer(victim.name, healedAt) - healedAt),
    ];
  },
};
