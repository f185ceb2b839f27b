import { expect, it } from 'vitest';

import { Operators } from './operators.ts';

const operators = new Operators({ alice: 'a-token-of-alice-1', bob: 'b-token-of-bob-22' });

it('knows who a token belongs to', () => {
  expect(operators.find('Bearer a-token-of-alice-1')).toBe('alice');
  expect(operators.find('bearer b-token-of-bob-22')).toBe('bob');
});

it.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer a-token-of-alice-',
  'Basic a-token-of-alice-1',
  'a-token-of-alice-1',
])('knows nobody for %j', (authorization) => expect(operators.find(authorization)).toBeUndefined());

it.each([
  { alice: 'short' },
  { '': 'a-token-of-alice-1' },
  { 'a,b': 'a-token-of-alice-1' },
  { alice: 'with a space in it' },
])('refuses %j without repeating the token', (tokens) => {
  const refused = (): Operators => new Operators(tokens);
  expect(refused).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  expect(refused).not.toThrow(new RegExp(Object.values(tokens).join('|')));
});
