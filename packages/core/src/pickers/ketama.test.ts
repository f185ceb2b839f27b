import { expect, it } from 'vitest';

import { endpoint } from '../testing.ts';
import { authorityOf } from './ketama.ts';

it('takes host and port out of any origin', () => {
  expect(['http://a:80', 'https://[::1]:8443', 'a:80'].map((origin) => authorityOf(endpoint('x', { origin })))).toEqual(
    ['a:80', '[::1]:8443', 'a:80'],
  );
});
