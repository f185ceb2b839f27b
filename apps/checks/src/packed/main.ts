/**
 * The packages as users get them: packs each one, installs the tarballs into an empty project with npm, and does there what a user
 * would. Whatever a workspace link hides (a file that is not packed, a dependency that is not declared, a declaration that
 * does not resolve) shows here. Run it after a build: `pnpm test:packed` does both.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { publishedPackages, root } from '../repository.ts';
import { runSnippet } from '../snippets/run-snippet.ts';
import { readSnippets } from '../snippets/snippet.ts';
import { budgets } from './budgets.ts';
import { Checklist } from './checklist.ts';
import { nodeBinaries, nodeDependencies } from './nodes.ts';
import { installedBytes, pack, type Tarball } from './pack.ts';
import { dispatcherProgram, importProgram, specifiers, typesProgram } from './programs.ts';
import { Project } from './project.ts';

const compilers = ['5.9.3', '7.0.2'];

const folder = mkdtempSync(join(tmpdir(), 'lb-packed-'));
try {
  process.exitCode = (await main()) === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

async function main(): Promise<number> {
  const packages = publishedPackages();
  const tarballs = new Map<string, Tarball>();
  for (const workspace of packages) tarballs.set(workspace.name, await pack(workspace, folder));

  const project = new Project(folder);
  await project.install({
    ...Object.fromEntries([...tarballs].map(([name, { path }]) => [name, `file:${path}`])),
    ...nodeDependencies(),
    ...Object.fromEntries(compilers.map((version) => [`typescript-${version}`, `npm:typescript@${version}`])),
    'undici-7': 'npm:undici@7',
    'undici-8': 'npm:undici@8',
    '@types/node': '22',
    // What the examples name beside ours.
    etcd3: '1',
  });

  const checklist = new Checklist();
  for (const [name, tarball] of tarballs) {
    const installed = installedBytes(join(folder, 'node_modules', name));
    const budget = budgets[name];
    await checklist.check(`${name}: tarball ${inKb(tarball.bytes)}, installed ${inKb(installed)}`, () => {
      if (budget === undefined) throw new Error('it has no budget');
      if (tarball.bytes > budget.tarball) throw new Error(`the tarball may have ${inKb(budget.tarball)}`);
      if (installed > budget.installed) throw new Error(`installed it may have ${inKb(budget.installed)}`);
    });
    await checklist.check(`${name}: has what users need, and no tests`, () => {
      for (const file of ['LICENSE', 'README.md', 'package.json']) {
        if (!tarball.files.includes(file)) throw new Error(`${file} is missing`);
      }
      const tests = tarball.files.filter((file) => /\.test\.|\/testing\./.test(file));
      if (tests.length > 0) throw new Error(`not for users: ${tests.join(', ')}`);
    });
  }
  // One of ours that was fetched for another of ours would not be the one that is tested.
  await checklist.check('each is installed from its tarball, and once', () => {
    const lock: unknown = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
    for (const [name] of tarballs) {
      const places = lockedAt(lock, name);
      if (places.length !== 1 || !places[0]?.startsWith('file:')) throw new Error(`${name}: ${places.join(', ')}`);
    }
  });

  const names = packages.flatMap(specifiers);
  project.write('import.js', importProgram(names));
  project.write('dispatcher.js', dispatcherProgram);
  project.write('types.ts', typesProgram(names));
  for (const version of compilers) {
    const tsc = join('node_modules', `typescript-${version}`, 'bin/tsc');
    const common = [
      '--noEmit',
      '--strict',
      '--target',
      'es2024',
      '--lib',
      'es2024,esnext.disposable',
      '--types',
      'node',
    ];
    for (const resolution of [
      ['--module', 'nodenext'],
      ['--module', 'esnext', '--moduleResolution', 'bundler'],
    ]) {
      await checklist.check(`TypeScript ${version}: ${resolution.join(' ')}`, () =>
        project.run(process.execPath, [tsc, ...common, ...resolution, 'types.ts']),
      );
    }
  }
  for (const node of nodeBinaries(folder)) {
    await checklist.check(`Node ${node.version}: import and require ${names.join(', ')}`, () =>
      project.run(node.path, ['import.js']),
    );
    await checklist.check(
      `Node ${node.version}: undici 7, undici 8 and Node's fetch, each through the dispatcher`,
      () => project.run(node.path, ['dispatcher.js']),
    );
    for (const { name, folder: source } of packages) {
      const [example] = readSnippets(readFileSync(join(root, source, 'README.md'), 'utf8'), ['ts', 'js']);
      if (example === undefined) continue;
      await checklist.check(`Node ${node.version}: the first example of ${name}`, async () => {
        const ran = await runSnippet(example, 'example', { folder, node: node.path, nodeOptions: [] });
        if (ran.ended !== 0) throw new Error(`it ended with ${ran.ended}\n${ran.errors}`);
      });
    }
  }
  for (const { name, manifest } of packages) {
    for (const command of Object.keys(manifest.bin ?? {})) {
      await checklist.check(`${name}: ${command} --help`, () =>
        project.run(join('node_modules/.bin', command), ['--help']),
      );
    }
  }
  process.stdout.write(`${checklist.failed === 0 ? 'all held' : `${checklist.failed} failed`}\n`);
  return checklist.failed;
}

function inKb(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} kB`;
}

/** Where npm took every copy of a package from, by its lockfile. */
function lockedAt(lock: unknown, name: string): string[] {
  if (typeof lock !== 'object' || lock === null || !('packages' in lock)) throw new Error('npm wrote no lockfile');
  return Object.entries(lock.packages ?? {})
    .filter(([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`))
    .map(([, entry]: [string, unknown]) =>
      typeof entry === 'object' && entry !== null && 'resolved' in entry ? String(entry.resolved) : 'unknown',
    );
}
