import { mergeConfig } from 'vitest/config';

import { shared } from '../../vitest.shared.ts';

export default mergeConfig(shared('unit'), {
  test: {
    setupFiles: ['./properties.setup.ts'],
    // With FC_RUNS=20000 a property takes minutes.
    ...(process.env.FC_RUNS !== undefined && { testTimeout: 1_800_000 }),
  },
});
