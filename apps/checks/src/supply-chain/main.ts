/** `pnpm supply-chain`, part of `pnpm check`: says what does not hold of the dependencies, and fails then. */
import { floors } from './floors.ts';
import { readRepository } from './read-repository.ts';
import { problemsOf } from './supply-chain.ts';

const repository = readRepository();
const problems = problemsOf(repository, floors);
for (const problem of problems) process.stdout.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
else {
  const count = Object.keys(repository.lockfile.packages ?? {}).length;
  process.stdout.write(`supply chain: ${count} packages pinned, above the floors of ${floors.length}, none wrong\n`);
}
