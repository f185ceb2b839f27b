import { mergeConfig } from 'vitest/config';

import { shared } from '../../vitest.shared.ts';

// Each example is a process, and some have an etcd beside them.
export default mergeConfig(shared('integration'), { test: { maxConcurrency: 2 } });
