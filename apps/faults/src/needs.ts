/** What rows may need that not every machine has, and how to find out. */
import { spawnSync } from 'node:child_process';

export type Need = 'etcd' | 'linux' | 'netns';

/** Says for each need why it is not met here; `undefined` when it is. Looked at once. */
export function missing(need: Need): string | undefined {
  let found = known.get(need);
  if (found === undefined) known.set(need, (found = [look[need]()]));
  return found[0];
}

const known = new Map<Need, [string | undefined]>();

const look: Readonly<Record<Need, () => string | undefined>> = {
  etcd: () => (succeeds('etcd', '--version') ? undefined : 'there is no etcd on the PATH'),
  linux: () => (process.platform === 'linux' ? undefined : 'it is done by means of Linux alone'),
  netns: () => {
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    const name = `lb-look-${process.pid}`;
    if (!succeeds('ip', 'netns', 'add', name)) return 'network namespaces cannot be made here';
    return succeeds('ip', 'netns', 'del', name) ? undefined : 'network namespaces cannot be deleted here';
  },
};

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
