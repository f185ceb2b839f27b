/** How much it matters: `error` loses requests or registrations now, `warning` can, `note` is worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** Something that a check has found. */
export interface Finding {
  readonly severity: Severity;
  /** Stable, for programs. */
  readonly code: FindingCode;
  /** What it is about: a member, a service, an endpoint, a key. Safe to print. */
  readonly about: string;
  /** What is so, a sentence without a period. */
  readonly what: string;
  /** What to do about it. */
  readonly todo: string;
}

/** What is wrong, as a name that scripts can rely on. */
export type FindingCode =
  | 'member-away'
  | 'member-slow'
  | 'member-unlisted'
  | 'member-learner'
  | 'no-leader'
  | 'other-cluster'
  | 'leaders-differ'
  | 'versions-differ'
  | 'version-unsafe'
  | 'version-old'
  | 'alarm'
  | 'raft-behind'
  | 'database-large'
  | 'plain-text'
  | 'credentials'
  | 'auth-off'
  | 'unreadable'
  | 'no-lease'
  | 'lease-late'
  | 'leases-refused'
  | 'duplicate-id'
  | 'duplicate-address'
  | 'clock-ahead'
  | 'all-draining'
  | 'no-weight'
  | 'too-many'
  | 'unused-override'
  | 'may-not-write'
  | 'registry-denied'
  | 'registry-away';

/** What to order findings by: the worst first. */
export const severities: readonly Severity[] = ['error', 'warning', 'note'];
