import { Type } from 'typebox';
import { expect, it } from 'vitest';

import { readSettings, splitHosts } from './settings.ts';

const schema = Type.Object({
  PORT: Type.Integer({ default: 80, minimum: 1 }),
  NAME: Type.String(),
});

it('fills in defaults, reads numbers, and takes an empty variable for one that is not set', () => {
  expect(readSettings(schema, { NAME: 'a', PORT: '8080', OTHER: 'x' })).toEqual({ NAME: 'a', PORT: 8080 });
  expect(readSettings(schema, { NAME: 'a', PORT: '' })).toEqual({ NAME: 'a', PORT: 80 });
});

it('names every setting that is wrong', () => {
  expect(() => readSettings(schema, { PORT: '0' })).toThrow(
    expect.objectContaining({ code: 'ERR_SETTINGS', message: expect.stringMatching(/NAME.*PORT must be >= 1/) }),
  );
});

it('splits a list of hosts', () => {
  expect(splitHosts('http://a:1, http://b:2')).toEqual(['http://a:1', 'http://b:2']);
});
