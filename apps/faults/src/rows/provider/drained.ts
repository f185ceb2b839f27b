import { now } from '../../now.ts';
import { most, note, type Row, within } from '../../row.ts';
import { mixedLoad } from '../../stage.ts';

/** How long a provider goes on serving after saying that it drains: the default of `apps/provider`. */
const lingerMs = 1000;

export const drained: Row = {
  name: 'provider/drained',
  fault: 'SIGTERM to one of 4 providers; half of the requests are POSTs',
  promise:
    '0 failed of any method; no new request later than 500 ms after SIGTERM; exit within the linger + the longest request + 200 ms',
  quick: true,
  async run(stage) {
    const { client, victim } = await stage.system();
    let exit: number | string = '';
    let exitedAt = NaN;
    const { history, at } = await stage.under({
      client,
      load: mixedLoad,
      fault: async () => {
        exit = await victim.stop();
        exitedAt = now();
      },
      forMs: 2500,
    });
    const onIt = history.attempts(at).filter(({ provider }) => provider === victim.name);
    const longest = Math.max(0, ...history.attempts().map(({ elapsedMs }) => elapsedMs));
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('last request', 500, Math.max(at, ...onIt.map(({ at: began }) => began)) - at),
      within('exit', lingerMs + longest + 200, exitedAt - at),
      most('exit code', 0, Number(exit)),
      note('longest request', longest, 'ms'),
    ];
  },
};
