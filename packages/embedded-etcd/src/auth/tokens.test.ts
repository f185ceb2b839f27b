import { ManualClock } from '@lb/testkit';
import { expect, test } from 'vitest';
import { Tokens } from './tokens.ts';

test('a token is good for a while after each use, and no longer', () => {
  const clock = new ManualClock();
  const tokens = new Tokens(clock, 1000);
  const token = tokens.issue('zoe', 7);
  expect(token).toMatch(/^[A-Za-z]{16}\.7$/);
  for (let use = 0; use < 5; use += 1) {
    clock.advance(900);
    expect(tokens.userOf(token)).toBe('zoe');
  }
  clock.advance(1000);
  expect(tokens.userOf(token)).toBeUndefined();
  tokens.issue('zoe', 8);
  expect(tokens.userOf(token)).toBeUndefined();
});

test('the tokens of one user are forgotten, those of others not', () => {
  const tokens = new Tokens(new ManualClock(), 1000);
  const [zoe, again, adam] = [tokens.issue('zoe', 1), tokens.issue('zoe', 2), tokens.issue('adam', 3)];
  tokens.forgetUser('zoe');
  expect([zoe, again, adam].map((token) => tokens.userOf(token))).toEqual([undefined, undefined, 'adam']);
  tokens.clear();
  expect(tokens.userOf(adam)).toBeUndefined();
});
