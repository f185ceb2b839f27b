import { mergeConfig } from 'vitest/config';

import { shared } from '../../vitest.shared.ts';

export default mergeConfig(shared('unit'), {
  test: {
    setupFiles: ['./properties.setup.ts'],
    // Properties take seconds, and with FC_RUNS=20000 minutes.
    testTimeout: process.env.FC_RUNS === undefined ? 20_000 : 1_800_000,
  },
});
