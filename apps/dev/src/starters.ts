/**
 * Notices when whoever started this command is gone.
 *
 * `npx` runs pnpm below a shell, and a SIGTERM sent to npx ends npx and that shell, but is passed on to nobody: without this the
 * whole system would run on with nobody to stop it. Linux only; elsewhere a terminal's Ctrl-C and its closing still arrive.
 */
import { readFileSync } from 'node:fs';

const lookEveryMs = 500;

export function whenStarterIsGone(stop: () => void): void {
  const starters = pnpmAncestors(process.ppid);
  if (starters.length === 0) return;
  const timer = setInterval(() => {
    if (starters.every((pid) => processInfo(pid) !== undefined)) return;
    clearInterval(timer);
    stop();
  }, lookEveryMs);
  timer.unref();
}

/** Process ids from `pid` upwards, as long as each has something to do with pnpm. */
function pnpmAncestors(pid: number): number[] {
  const info = processInfo(pid);
  return info === undefined || !info.command.includes('pnpm') ? [] : [pid, ...pnpmAncestors(info.parent)];
}

function processInfo(pid: number): { readonly command: string; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, which may hold anything; state and parent follow it.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    return { command: readFileSync(`/proc/${pid}/cmdline`, 'utf8'), parent: Number(parent) };
  } catch {
    return undefined;
  }
}
