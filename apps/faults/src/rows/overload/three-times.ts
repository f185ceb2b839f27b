import { least, note, type Row, within } from '../../row.ts';
import { quantile } from '@lb/testkit';

/** Four providers of five slots and 100 ms of work. */
const slots = 5;
const workMs = 100;
const capacity = (4 * slots * 1000) / workMs;

export const threeTimes: Row = {
  name: 'overload/three-times',
  fault: `600 requests a second for 10 s, on providers that can carry ${capacity}`,
  promise:
    'Goodput at least 80 % of the capacity; what is refused is refused by a p99 of 20 ms at the client that is full; recovered within 3 s',
  async run(stage) {
    const { client } = await stage.system({
      provider: { workMs, env: { SLOTS: String(slots), QUEUE: String(slots), LB_MAX_CONCURRENCY: String(slots) } },
    });
    const forMs = 10_000;
    const { history, at, healedAt } = await stage.under({
      client,
      load: { perSecond: 3 * capacity, methods: 'get' },
      fault: () => {},
      forMs,
    });
    const good = history.requests(at, healedAt).filter(({ failure }) => failure === undefined);
    const shed = history.failed(at, healedAt).filter(({ failure }) => failure === 'ERR_OVERFLOW');
    await stage.under({ client, load: { perSecond: capacity / 2, methods: 'get' }, fault: () => {}, forMs: 500 });
    const after = await stage.under({
      client,
      load: { perSecond: capacity / 2, methods: 'get' },
      fault: () => {},
      forMs: 1000,
    });
    return [
      least('goodput as a part of the capacity', 0.8, good.length / ((forMs / 1000) * capacity)),
      within(
        'p99 of what was refused',
        20,
        quantile(
          shed.map(({ elapsedMs }) => elapsedMs),
          0.99,
        ),
      ),
      least('answered at half of the capacity, 2 s later', 1, 1 - after.history.failed().length / after.history.count),
      note(
        'p99 of what was answered',
        quantile(
          good.map(({ elapsedMs }) => elapsedMs),
          0.99,
        ),
        'ms',
      ),
      note('attempts a request', history.attemptsPerRequest(at, healedAt)),
    ];
  },
};
