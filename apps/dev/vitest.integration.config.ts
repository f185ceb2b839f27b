import { mergeConfig } from 'vitest/config';

import { shared } from '../../vitest.shared.ts';

// One after the other: two systems that start at once look for free ports at once, and find the same.
export default mergeConfig(shared('integration'), { test: { fileParallelism: false } });
