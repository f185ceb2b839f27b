import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

test('the example of the README runs, and shows a lease that ends', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, example = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  expect(example.split('\n').length).toBeLessThan(22);
  // Beside this file, so that its imports are found.
  const file = join(import.meta.dirname, 'readme-example.mjs');
  writeFileSync(file, example);
  onTestFinished(() => rmSync(file));
  const output = execFileSync(process.execPath, ['--conditions=@lb/source', file], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  expect(output).toBe('services/a = http://127.0.0.1:8080\nservices/a is gone\n');
});
