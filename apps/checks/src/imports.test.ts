import { expect, it } from 'vitest';

import { importsOf } from './imports.ts';

const code = `
// A comment that mentions import 'nothing' from 'nowhere'.
import './side-effect.ts';
import type { A } from './types.ts';
import {
  b,
  type C,
} from '@lb/core';

/** import 'an example' */
export { d } from './d.ts';
export const later = (): Promise<unknown> => import('./later.ts');
const text = "// no comment";
import { last } from 'node:fs';
`;

it('finds imports of every kind, and none in comments', () => {
  const { specifiers, values } = importsOf(code);
  expect(specifiers).toEqual(['./side-effect.ts', './types.ts', '@lb/core', './d.ts', 'node:fs', './later.ts']);
  expect(values).toEqual(specifiers.filter((specifier) => specifier !== './types.ts'));
});
