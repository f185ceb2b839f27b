/** What `lb` exits with, so that scripts can tell what to do next. */
export const exitCodes = {
  /** Done, and nothing wrong was found. */
  ok: 0,
  /** Something wrong was found, or what was asked for failed. */
  failed: 1,
  /** The command line, a setting or a file that it names makes no sense. */
  usage: 2,
  /** etcd does not answer. */
  away: 3,
  /** etcd does not take the user, or does not let it do this. */
  denied: 4,
} as const;

/** One of `exitCodes`. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
