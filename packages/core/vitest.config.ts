import { mergeConfig } from 'vitest/config';

import { shared } from '../../vitest.shared.ts';

export default mergeConfig(shared('unit'), {
  test: {
    setupFiles: ['./properties.setup.ts'],
    // Properties do in a second what other tests do in a millisecond, and with FC_RUNS=20000 in minutes.
    testTimeout: process.env.FC_RUNS === undefined ? 20_000 : 1_800_000,
  },
});
