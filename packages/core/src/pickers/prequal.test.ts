import { describe, expect, it } from 'vitest';

import type { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { manyPeers, tally } from '../testing.ts';
import { type ProbeSink, type ProbeSource, reuseLimit } from './prequal.ts';

/** Remembers who was asked, and answers when told to. */
class HeldProbes implements ProbeSource {
  readonly asked: Peer[] = [];
  sink: ProbeSink | undefined;

  probe(peer: Peer, sink: ProbeSink): void {
    this.asked.push(peer);
    this.sink = sink;
  }
}

const paper = { poolSize: 16, probesPerPick: 3, removalsPerPick: 1 };

it.each([
  { peers: 100, settings: paper, limit: 1.32 },
  { peers: 100, settings: { ...paper, probesPerPick: 1, removalsPerPick: 0.25 }, limit: 3.39 },
  { peers: 100, settings: { ...paper, probesPerPick: 0.5, removalsPerPick: 0.25 }, limit: 11.76 },
  { peers: 1000, settings: { ...paper, probesPerPick: 9 }, limit: 1 },
  { peers: 3, settings: paper, limit: Infinity },
])('lets an answer be used $limit times, with $peers peers and $settings', ({ peers, settings, limit }) => {
  expect(reuseLimit(peers, settings)).toBeCloseTo(limit, 2);
});

describe('a pick', () => {
  it('asks three different peers, and each as often as the next in the long run', () => {
    const source = new HeldProbes();
    const picker = policies.prequal({ source }).createPicker(manyPeers(10), seededRandom(1));
    for (let pick = 0; pick < 1000; pick += 1) {
      picker.pick({ now: pick });
      expect(new Set(source.asked.slice(-3)).size).toBe(3);
      expect(source.asked).toHaveLength(3 * (pick + 1));
    }
    const counts = tally(3000, () => source.asked.pop());
    // Expected 300; one deviation is 14.
    for (const count of counts.values()) expect(Math.abs(count - 300)).toBeLessThan(70);
  });

  it('asks every other time at half a probe a pick', () => {
    const source = new HeldProbes();
    const picker = policies.prequal({ source, probesPerPick: 0.5 }).createPicker(manyPeers(10), seededRandom(1));
    for (let pick = 0; pick < 10; pick += 1) picker.pick({ now: pick });
    expect(source.asked).toHaveLength(5);
  });

  it('goes by weight until two have answered, then by the answers, then by weight again when these are old', () => {
    const source = new HeldProbes();
    const peers = manyPeers(3);
    const picker = policies.prequal({ source }).createPicker(peers, seededRandom(1));
    picker.pick({ now: 0 });
    source.sink!.answered(peers[0]!, { inFlight: 1, latencyMs: 9 }, 0);
    const trace = { reason: '', candidates: [] };
    picker.pick({ now: 0, trace });
    expect(trace.reason).toBe('drawn by weight');
    source.sink!.answered(peers[1]!, { inFlight: 1, latencyMs: 3 }, 0);
    expect(picker.pick({ now: 1000, trace })).toBe(peers[1]);
    expect(trace.reason).toBe('fastest of the cold');
    picker.pick({ now: 1001, trace });
    expect(trace.reason).toBe('drawn by weight');
  });

  it('counts what it has sent since the answer, so that one good answer is no stampede', () => {
    const source = new HeldProbes();
    const peers = manyPeers(2);
    // Without latency in it, only what is in flight decides.
    const picker = policies.prequal({ source, hotQuantile: 0 }).createPicker(peers, seededRandom(1));
    picker.pick({ now: 0 });
    source.sink!.answered(peers[0]!, { inFlight: 10, latencyMs: 1 }, 0);
    source.sink!.answered(peers[1]!, { inFlight: 0, latencyMs: 1 }, 0);
    const counts = tally(30, () => picker.pick({ now: 0 }));
    expect(Object.fromEntries(counts)).toEqual({ p0: 10, p1: 20 });
  });

  it('drops an answer, the oldest and the worst in turn, where there are more peers than places', () => {
    const source = new HeldProbes();
    const peers = manyPeers(100);
    // So few probes that answers may be used without limit, and goes by latency alone.
    const settings = { source, probesPerPick: 0.01, hotQuantile: 1 };
    const picker = policies.prequal(settings).createPicker(peers, seededRandom(1));
    while (source.sink === undefined) picker.pick({ now: 0 });
    for (let rank = 0; rank < 9; rank += 1) source.sink.answered(peers[rank]!, { inFlight: 0, latencyMs: 1 + rank }, 0);
    const trace = { reason: '', candidates: [] };
    const picks: string[] = [];
    for (let pick = 0; pick < 9; pick += 1) {
      const { id } = picker.pick({ now: 0, trace })!;
      picks.push(trace.reason === 'drawn by weight' ? 'any' : id);
    }
    // The picks before the first answer dropped nothing, but took their turns: which comes first is open.
    expect([
      ['p0', 'p1', 'p1', 'p2', 'p2', 'p3', 'p3', 'p4', 'any'].join(' '),
      ['p0', 'p0', 'p1', 'p1', 'p2', 'p2', 'p3', 'p3', 'any'].join(' '),
    ]).toContain(picks.join(' '));
  });

  it('uses up an answer about as often as the limit says', () => {
    const source = new HeldProbes();
    const peers = manyPeers(100);
    const settings = { source, probesPerPick: 0.5, removalsPerPick: 0.25, hotQuantile: 1 };
    const runs = 300;
    let used = 0;
    for (let run = 0; run < runs; run += 1) {
      const picker = policies.prequal(settings).createPicker(peers, seededRandom(run));
      picker.pick({ now: 0 });
      picker.pick({ now: 0 });
      // The fastest, and so many slower ones that removals never reach it.
      for (let slow = 1; slow < 16; slow += 1)
        source.sink!.answered(peers[slow]!, { inFlight: 0, latencyMs: 50 + slow }, 0);
      source.sink!.answered(peers[0]!, { inFlight: 0, latencyMs: 1 }, 0);
      while (picker.pick({ now: 0 }) === peers[0]) used += 1;
    }
    // (1 + 1) / (0.84 · 0.5 - 0.25) = 11.76; one deviation of the mean is 0.025.
    expect(used / runs).toBeCloseTo(11.76, 0);
  });
});

describe('an answer', () => {
  it('of a peer that has left, or of nonsense, is ignored', () => {
    const source = new HeldProbes();
    const policy = policies.prequal({ source });
    const peers = manyPeers(4);
    const before = policy.createPicker(peers, seededRandom(1));
    before.pick({ now: 0 });
    for (const peer of peers) source.sink!.answered(peer, { inFlight: 0, latencyMs: 5 }, 0);
    const after = policy.createPicker(peers.slice(1), seededRandom(1), before);
    after.pick({ now: 0 });
    source.sink!.answered(peers[0]!, { inFlight: 0, latencyMs: 1 }, 0);
    source.sink!.answered(peers[1]!, { inFlight: NaN, latencyMs: 1 }, 0);
    source.sink!.answered(peers[2]!, { inFlight: 0, latencyMs: -1 }, 0);
    const counts = tally(100, () => after.pick({ now: 0 }));
    expect(counts.has('p0')).toBe(false);
  });

  it('to a probe from before an update counts, but not that of a peer that has left since', () => {
    const source = new HeldProbes();
    const policy = policies.prequal({ source });
    const peers = manyPeers(3);
    const before = policy.createPicker(peers, seededRandom(1));
    before.pick({ now: 0 });
    const { sink } = source;
    const after = policy.createPicker(peers.slice(1), seededRandom(1), before);
    for (const [index, peer] of peers.entries()) sink!.answered(peer, { inFlight: 0, latencyMs: 1 + index }, 0);
    const trace = { reason: '', candidates: [] };
    expect(after.pick({ now: 0, trace })).toBe(peers[1]);
    expect(trace.reason).toBe('fastest of the cold');
  });

  it('is compared at the weight that its peer has after an update', () => {
    const source = new HeldProbes();
    // Without latency in it, only what is in flight decides.
    const policy = policies.prequal({ source, hotQuantile: 0 });
    const peers = manyPeers(3);
    const before = policy.createPicker(peers, seededRandom(1));
    before.pick({ now: 0 });
    for (const [index, peer] of peers.entries()) {
      source.sink!.answered(peer, { inFlight: 10 * (index + 1), latencyMs: 1 }, 0);
    }
    // 10, 20 and 30 in flight become 100, 20 and 30 for each unit of weight.
    peers[0]!.weight = 0.1;
    const after = policy.createPicker(peers, seededRandom(1), before);
    expect(after.pick({ now: 0 })).toBe(peers[1]);
  });

  it('survives an update for as long as its peer does', () => {
    const source = new HeldProbes();
    const policy = policies.prequal({ source });
    const peers = manyPeers(3);
    const before = policy.createPicker(peers, seededRandom(1));
    before.pick({ now: 0 });
    for (const [index, peer] of peers.entries()) source.sink!.answered(peer, { inFlight: 0, latencyMs: 9 - index }, 0);
    const after = policy.createPicker(peers.toReversed(), seededRandom(1), before);
    expect(after.pick({ now: 0 })).toBe(peers[2]);
  });
});
