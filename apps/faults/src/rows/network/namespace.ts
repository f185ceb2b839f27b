/**
 * A network namespace of its own for a client, joined to this machine by a pair of virtual interfaces. Providers are reached at
 * addresses of their own, so that the path to one of them can be lost: its neighbour entry then names a card that nobody has, and all
 * that is sent to it, in connections old and new, vanishes without a word.
 */
import { execFileSync } from 'node:child_process';

export class Namespace implements AsyncDisposable {
  readonly name: string;
  readonly #subnet: string;
  readonly #onExit = (): void => this.#delete();

  constructor(number: number) {
    this.name = `lb-faults-${process.pid}-${number}`;
    this.#subnet = `10.213.${number}`;
    const outside = this.#outside;
    process.once('exit', this.#onExit);
    try {
      run('ip', 'netns', 'add', this.name);
      run('ip', 'link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.name);
      run('ip', 'addr', 'add', `${this.host}/24`, 'dev', outside);
      run('ip', 'link', 'set', outside, 'up');
      this.#inside('addr', 'add', `${this.#subnet}.2/24`, 'dev', 'eth0');
      this.#inside('link', 'set', 'eth0', 'up');
      this.#inside('link', 'set', 'lo', 'up');
    } catch (error) {
      this.#delete();
      throw error;
    }
  }

  /** This machine, as it is seen from inside. */
  get host(): string {
    return `${this.#subnet}.1`;
  }

  /** Gives this machine one more address, and returns it. */
  address(number: number): string {
    const address = `${this.#subnet}.${10 + number}`;
    run('ip', 'addr', 'add', `${address}/24`, 'dev', this.#outside);
    return address;
  }

  /** Loses all that is sent from inside to this address. */
  lose(address: string): void {
    this.#inside('neigh', 'replace', address, 'lladdr', '02:00:00:00:00:01', 'nud', 'permanent', 'dev', 'eth0');
  }

  heal(address: string): void {
    this.#inside('neigh', 'del', address, 'dev', 'eth0');
  }

  [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#onExit);
    this.#delete();
    return Promise.resolve();
  }

  get #outside(): string {
    return `lbf${process.pid % 100_000}x${this.#subnet.split('.').at(-1)}`;
  }

  #inside(...args: readonly string[]): void {
    run('ip', '-n', this.name, ...args);
  }

  #delete(): void {
    for (const args of [
      ['link', 'del', this.#outside],
      ['netns', 'del', this.name],
    ]) {
      try {
        run('ip', ...args);
      } catch {
        // It was not there, or went with the other.
      }
    }
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
