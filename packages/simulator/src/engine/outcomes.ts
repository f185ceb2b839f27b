import { failure, ignored, type Outcome, success } from '@lb/core';

/** What a client's pool is told of how a job ended; indexed by `ended`, and last by a client's own giving up. */
export const outcomes: readonly Outcome[] = [
  success,
  failure('overload'),
  failure('status'),
  failure('connect'),
  failure('reset'),
  failure('timeout'),
  ignored,
];
