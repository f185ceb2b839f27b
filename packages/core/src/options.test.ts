import { expect, it } from 'vitest';

import { checkNumber, checkOneOf, checkString } from './options.ts';

it.each([
  { value: NaN, bounds: {}, message: 'Option "decayMs" must be a number, got NaN' },
  { value: '5', bounds: {}, message: 'Option "decayMs" must be a number, got "5"' },
  { value: -1, bounds: { min: 0 }, message: 'Option "decayMs" must be a number of at least 0, got -1' },
  { value: 0, bounds: { above: 0 }, message: 'Option "decayMs" must be a number above 0, got 0' },
  {
    value: 1.5,
    bounds: { min: 1, max: 9, integer: true },
    message: 'Option "decayMs" must be an integer from 1 to 9, got 1.5',
  },
  { value: Infinity, bounds: { max: 9 }, message: 'Option "decayMs" must be a number of at most 9, got Infinity' },
])('names the option, its bounds and the value: $message', ({ value, bounds, message }) => {
  expect(() => checkNumber('decayMs', value, bounds)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION', message }),
  );
});

it('gives back what fits', () => {
  expect([
    checkNumber('n', 1, { min: 1, max: 1 }),
    checkNumber('n', Infinity, { above: 0 }),
    checkOneOf('m', 'refuse', ['queue', 'refuse']),
    checkString('s', 'x'),
  ]).toEqual([1, Infinity, 'refuse', 'x']);
});

it('refuses a word that is not known and a string that is empty', () => {
  expect(() => checkOneOf('mode', 'drop', ['queue', 'refuse'])).toThrow(
    'Option "mode" must be one of queue, refuse, got "drop"',
  );
  expect(() => checkString('service', '')).toThrow('Option "service" must be a string that is not empty, got ""');
});
