import { setTimeout as after } from 'node:timers/promises';

import { now } from '../../now.ts';
import { most, type Row, within } from '../../row.ts';

/** After how long without an answer the balancer tries another peer: its default. */
const attemptTimeoutMs = 500;
/** Shorter than the lease, so that nothing but the missing answers can tell. */
const frozenMs = 4000;

export const frozen: Row = {
  name: 'provider/frozen',
  fault: 'SIGSTOP to one of 4 providers for 4 s: connections are accepted, and nothing is answered',
  promise:
    '0 failed; out within 600 ms (the time of an attempt + 100 ms); p99.9 at most that time + the usual p99; at most 20 requests wait for it; back within 5 s of SIGCONT',
  quick: true,
  async run(stage) {
    const { client, victim } = await stage.system();
    await stage.calm(client);
    const at = now();
    victim.freeze();
    await after(frozenMs);
    const thawedAt = now();
    victim.thaw();
    await after(6000);
    const history = await client.end();
    const waited = history
      .attempts(at, thawedAt)
      .filter(({ provider, outcome }) => provider === victim.name && outcome !== 'success');
    const back = history
      .attempts(thawedAt)
      .find(
        ({ provider, outcome, at: began }) => provider === victim.name && outcome === 'success' && began >= thawedAt,
      );
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('out of rotation', attemptTimeoutMs + 100, history.outOfRotation(victim.name, at) - at),
      within('p99.9', attemptTimeoutMs + history.latency(0.99, -Infinity, at), history.latency(0.999, at, thawedAt)),
      most('attempts that waited', 20, waited.length),
      within('back after SIGCONT', 5000, (back?.at ?? NaN) - thawedAt),
    ];
  },
};
