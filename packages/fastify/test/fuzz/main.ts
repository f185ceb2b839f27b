/** `node --conditions=@lb/source test/fuzz/main.ts --cases N`: see `runFuzz` of the testkit. */
import { runFuzz } from '@lb/testkit';

import { targets } from './targets.ts';

await runFuzz(import.meta.url, targets);
