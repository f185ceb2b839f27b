import { execFile, type ExecFileException } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** An empty project, as `npm init` makes it, in a temporary folder. */
export class Project {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  write(name: string, content: string): void {
    writeFileSync(join(this.folder, name), content);
  }

  /** Installs with npm. Scripts of packages do not run: none of ours has any. */
  async install(dependencies: Readonly<Record<string, string>>): Promise<void> {
    this.write(
      'package.json',
      JSON.stringify({ name: 'project', private: true, type: 'module', dependencies }, null, 2),
    );
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--no-progress'];
    await this.run('npm', ['install', ...options], 300_000);
  }

  /** Runs a program of the project, and returns what it prints. Throws with all that it said when it fails. */
  run(command: string, args: readonly string[], timeout = 60_000): Promise<string> {
    // What the workspace sets for its own tasks is not there for users.
    const { NODE_OPTIONS: _, ...env } = process.env;
    return new Promise((resolve, reject) => {
      const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
      const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
        if (error === null) resolve(stdout);
        else
          reject(new Error(`${command} ${args.join(' ')} failed (${error.code ?? error.signal})\n${stdout}${stderr}`));
      };
      execFile(command, args, { cwd: this.folder, env: { ...env, PATH: path }, timeout, encoding: 'utf8' }, done);
    });
  }
}
