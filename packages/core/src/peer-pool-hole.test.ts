/**
 * A hole in the network between a client and one of its peers, in virtual time: how long after its end the peer is asked again. What is sent
 * into it is answered when it heals, as TCP sends again what was not acknowledged, so an attempt from before may say that all is well.
 */
import { expect, it } from 'vitest';

import { failure, success } from './outcome.ts';
import type { Peer } from './peer.ts';
import { PeerPool } from './peer-pool.ts';
import { policies } from './policies.ts';
import type { Random } from './policy.ts';
import { seededRandom } from './random.ts';
import { endpoint } from './testing.ts';

const beginMs = 5000;
const holeMs = 4000;
const healedAt = beginMs + holeMs;
const endMs = healedAt + 12_000;
const attemptTimeoutMs = 500;
const perSecond = 300;

/** Things to do, each at its time. */
class Agenda {
  readonly #tasks: { readonly at: number; readonly run: (now: number) => void }[] = [];

  add(at: number, run: (now: number) => void): void {
    // Most of what is added comes last or nearly so.
    let index = this.#tasks.length;
    while (index > 0 && this.#tasks[index - 1]!.at > at) index -= 1;
    this.#tasks.splice(index, 0, { at, run });
  }

  play(): void {
    for (let next = this.#tasks.shift(); next !== undefined; next = this.#tasks.shift()) next.run(next.at);
  }
}

/** From the heal to when the first answer has come of an attempt that began after it, with four peers. */
function returnMs(seed: number, workMs: (random: Random) => number): number {
  const random = seededRandom(seed);
  const pool = new PeerPool({ policy: policies.p2cLatency(), random });
  pool.update({ revision: 1, endpoints: Array.from('abcd', (id) => endpoint(id)) }, 0);
  const agenda = new Agenda();
  let backAt = Infinity;
  const attempt = (now: number, exclude: ReadonlySet<Peer>): void => {
    const peer = pool.pickOrThrow({ now, exclude });
    const begun = pool.begin(peer, now);
    const took = workMs(random);
    const isLost = peer.id === 'a' && now + took >= beginMs && now < healedAt;
    const answeredAt = isLost ? healedAt + (now < beginMs ? 0 : took) : now + took;
    if (answeredAt > now + attemptTimeoutMs) {
      agenda.add(now + attemptTimeoutMs, (at) => {
        begun.end(failure('timeout'), at);
        if (exclude.size < 2) attempt(at, new Set([...exclude, peer]));
      });
    } else {
      agenda.add(answeredAt, (at) => {
        begun.end(success, at);
        if (peer.id === 'a' && now >= healedAt) backAt = Math.min(backAt, at);
      });
    }
  };
  const request = (now: number): void => {
    attempt(now, new Set());
    if (now < endMs && backAt === Infinity) agenda.add(now + 1000 / perSecond, request);
  };
  agenda.add(1000 * random(), request);
  agenda.play();
  return backAt - healedAt;
}

it.each<[string, (random: Random) => number]>([
  ['nearly the same', (random) => 20 + 3 * random()],
  ['very different times', (random) => -20 * Math.log(1 - random())],
])('a peer behind a hole is asked again within 5 s of its end, where requests take %s', (_what, workMs) => {
  const times = Array.from({ length: 300 }, (_value, seed) => returnMs(seed, workMs));
  expect(Math.max(...times)).toBeLessThan(5000);
});
