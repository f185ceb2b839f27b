import { ManualClock } from '@lb/testkit';
import { describe, expect, test } from 'vitest';
import { Consensus } from './consensus.ts';

function setUp() {
  const clock = new ManualClock();
  return { clock, consensus: new Consensus(clock) };
}

async function outcome(result: unknown): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

describe('consensus', () => {
  test('is there at once with a leader, and counts writes', () => {
    const { consensus, clock } = setUp();
    const before = consensus.index;
    expect(consensus.propose(() => 'written')).toBe('written');
    expect(consensus.confirm(() => 'read')).toBe('read');
    expect(consensus.askLeader(() => 'asked')).toBe('asked');
    expect(consensus.index - before).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('is given up on after 7 s without a leader, each way with its own words, and nothing happens later', async () => {
    const { consensus, clock } = setUp();
    const happened: string[] = [];
    consensus.loseLeader();
    const results = [
      consensus.propose(() => happened.push('write')),
      consensus.confirm(() => happened.push('read')),
      consensus.askLeader(() => happened.push('question')),
    ].map(outcome);
    clock.advance(7000);
    consensus.electLeader();
    expect(await Promise.all(results)).toEqual([
      'context deadline exceeded',
      'etcdserver: request timed out',
      'etcdserver: no leader',
    ]);
    expect(happened).toEqual([]);
  });

  test('comes for all that wait, in order, with a new leader', async () => {
    const { consensus, clock } = setUp();
    const happened: string[] = [];
    consensus.loseLeader();
    const results = ['first', 'second'].map((name) => outcome(consensus.propose(() => happened.push(name))));
    clock.advance(6999);
    consensus.electLeader();
    await Promise.all(results);
    expect(happened).toEqual(['first', 'second']);
    expect(consensus.term).toBe(3);
    expect(clock.pending).toBe(0);
  });

  test('is waited for again when the leader is lost before those who wait have had their turn', async () => {
    const { consensus, clock } = setUp();
    consensus.loseLeader();
    const result = outcome(consensus.propose(() => 'written'));
    consensus.electLeader();
    consensus.loseLeader();
    await Promise.resolve();
    clock.advance(7000);
    expect(await result).toBe('context deadline exceeded');
  });

  test('refuses who needs a leader, and ends guarded streams after 3 s', () => {
    const { consensus, clock } = setUp();
    const ended: string[] = [];
    consensus.guardStream(() => ended.push('guarded'));
    consensus.guardStream(() => ended.push('left'))();
    consensus.requireLeader();
    consensus.loseLeader();
    expect(() => consensus.requireLeader()).toThrow('etcdserver: no leader');
    clock.advance(2999);
    expect(ended).toEqual([]);
    clock.advance(1);
    expect(ended).toEqual(['guarded']);
  });

  test('ends no stream when a leader is there again within 3 s', () => {
    const { consensus, clock } = setUp();
    const ended: string[] = [];
    consensus.guardStream(() => ended.push('guarded'));
    consensus.loseLeader();
    clock.advance(2000);
    consensus.electLeader();
    clock.advance(5000);
    expect(ended).toEqual([]);
  });

  test('refuses what waits when it is closed', async () => {
    const { consensus, clock } = setUp();
    consensus.loseLeader();
    const result = outcome(consensus.propose(() => 'written'));
    consensus.close();
    expect(await result).toBe('etcdserver: server stopped');
    expect(clock.pending).toBe(0);
  });
});
