import { least, most, note, type Row, within } from '../../row.ts';

/** By then a client has spent what it had saved up for retries, a hundred of them. */
const spentMs = 2000;

export const allFailing: Row = {
  name: 'provider/all-failing',
  fault: 'All 4 providers answer 503 to everything for 8 s',
  promise:
    'At most 1.25 attempts a request once what was saved up for retries is spent; the 503 is passed on, and nobody is told that there is no endpoint; healthy again within 2 s of the recovery',
  quick: true,
  async run(stage) {
    const { client, providers } = await stage.system();
    const all = (share: number): Promise<unknown> =>
      Promise.all(providers.map((provider) => provider.tell({ kind: 'fail', share, statusCode: 503 })));
    const { history, at, healedAt } = await stage.under({
      client,
      fault: () => all(1),
      forMs: 8000,
      heal: () => all(0),
      thenMs: 4000,
    });
    const failed = history.failed(at, healedAt);
    // What was under way when they recovered does not count as a request after it.
    const lastFailure = Math.max(healedAt, ...history.failed(healedAt).map(({ at: due }) => due));
    return [
      most('attempts a request', 1.25, history.attemptsPerRequest(at + spentMs, healedAt - 100)),
      note('attempts a request, the first two seconds included', history.attemptsPerRequest(at, healedAt - 100)),
      most(
        'failures other than 503',
        0,
        failed.filter(({ failure }) => failure !== '503').length,
        history.failures(at, healedAt),
      ),
      least('requests that reached somebody', failed.length, failed.filter(({ failure }) => failure === '503').length),
      within('healthy after the recovery', 2000, lastFailure - healedAt),
    ];
  },
};
