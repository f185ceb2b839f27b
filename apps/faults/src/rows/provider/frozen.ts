import { most, type Row, within } from '../../row.ts';

/** After how long without an answer the balancer tries another peer: its default. */
export const attemptTimeoutMs = 500;

export const frozen: Row = {
  name: 'provider/frozen',
  fault:
    'SIGSTOP to one of 4 providers for 4 s, less than its lease: connections are accepted, and nothing is answered',
  promise:
    '0 failed; out within 600 ms (the time of an attempt + 100 ms); p99.9 at most that time + the usual p99; at most 20 requests wait for it; back within 10 s of SIGCONT',
  quick: true,
  async run(stage) {
    const { client, victim } = await stage.system();
    const { history, at, healedAt } = await stage.under({
      client,
      fault: () => victim.freeze(),
      forMs: 4000,
      heal: () => victim.thaw(),
      thenMs: 10_000,
    });
    const onIt = history.attempts(at, healedAt).filter(({ provider }) => provider === victim.name);
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('out of rotation', attemptTimeoutMs + 100, history.outOfRotation(victim.name, at) - at),
      within('p99.9', attemptTimeoutMs + history.latency(0.99, -Infinity, at), history.latency(0.999, at, healedAt)),
      most('attempts that waited', 20, onIt.filter(({ outcome }) => outcome !== 'success').length),
      within('back after SIGCONT', 10_000, history.firstAnswer(victim.name, healedAt) - healedAt),
    ];
  },
};
