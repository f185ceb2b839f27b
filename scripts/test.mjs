// Runs every test through turbo and ends with what failed and one line of real counts. A report that turbo restores from its
// cache counts like a fresh one; a file that does not load, a task that fails, or no test at all is a failure.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';

const reports = '{packages,apps}/*/.vitest/*.json';
for (const file of globSync(reports)) rmSync(file);

const run = spawnSync(
  'turbo',
  [
    'run',
    'test',
    'test:integration',
    '--concurrency=100%',
    '--continue=always',
    '--output-logs=new-only',
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit', env: { ...process.env, DO_NOT_TRACK: '1' } },
);

let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of globSync(reports)) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const suite of report.testResults) {
    if (suite.status === 'failed' && suite.assertionResults.length === 0) {
      failed += 1;
      console.log(`failed: ${suite.name} did not load\n${indented(suite.message)}`);
    }
    for (const test of suite.assertionResults.filter(({ status }) => status === 'failed')) {
      console.log(`failed: ${suite.name} > ${test.fullName}\n${indented(test.failureMessages.join('\n'))}`);
    }
  }
}
if (run.status !== 0 && failed === 0) {
  failed += 1;
  console.log(`failed: turbo ended with ${run.status ?? run.signal ?? run.error?.message}; see above`);
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** Without the frames of the test runner. */
function indented(text) {
  const lines = text.split('\n').filter((line) => !line.includes('/node_modules/'));
  return lines.map((line) => `  ${line}`).join('\n');
}
