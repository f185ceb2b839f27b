/** What an error means to whoever called: an exit code, and one line that says what to do where we know. */
import { type ExitCode, exitCodes } from './exit-codes.ts';

export interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
}

/** By `code` and never by class: another version of a package throws another class. */
const meanings: Readonly<Record<string, { readonly exitCode: ExitCode; readonly todo?: string }>> = {
  ERR_USAGE: { exitCode: exitCodes.usage },
  ERR_INVALID_OPTION: { exitCode: exitCodes.usage },
  ERR_SCENARIO: { exitCode: exitCodes.usage },
  ERR_ETCD_UNAVAILABLE: { exitCode: exitCodes.away, todo: 'is it running, and is --etcd (ETCD_HOSTS) right?' },
  ERR_ETCD_TIMEOUT: { exitCode: exitCodes.away, todo: 'it may be overloaded, or without a leader: try lb check' },
  ERR_ETCD_TLS: { exitCode: exitCodes.away, todo: 'see --ca, --cert and --key' },
  ERR_ETCD_DENIED: { exitCode: exitCodes.denied, todo: 'the user lacks a role for these keys, or there is no --user' },
  ERR_ETCD_UNAUTHENTICATED: { exitCode: exitCodes.denied, todo: 'see --user and --password-file' },
};

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { exitCode: exitCodes.failed, message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  // A file that was named and cannot be read or written.
  if ('syscall' in error && 'path' in error) return { exitCode: exitCodes.usage, message: error.message };
  const { exitCode, todo } = meanings[code] ?? { exitCode: exitCodes.failed };
  const text = inOurWords(error.message);
  return { exitCode, message: `${todo === undefined ? text : `${text}; ${todo}`} (${code})` };
}

/** Options of the libraries by the names that they have here, on one line. */
function inOurWords(message: string): string {
  return (
    message
      .replace('Option "hosts"', '--etcd')
      .replace('Option "addresses.allow"', '--allow')
      .replace('"insecure" is true', '--insecure is given')
      .replace('use "auth"', 'use --user')
      // A value that may hold a secret is not given.
      .replace(/, got undefined$/, '')
      .replaceAll(/\s*\n\s*/g, ' ')
  );
}
