// Fuzzes whatever packages have a folder `test/fuzz`, one after the other: `pnpm fuzz`, 2.3 million cases, or with --cases N so
// many for each target. Other options go on as they are; see runFuzz in packages/testkit.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const failed = globSync('packages/*/test/fuzz/main.ts')
  .toSorted()
  .filter((file) => {
    console.log(`\n${file}`);
    const args = ['--conditions=@lb/source', file, ...process.argv.slice(2)];
    return spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0;
  });
process.exitCode = failed.length > 0 ? 1 : 0;
