import type { CheckReport } from '@lb/registry';
import { EtcdError } from '@lb/registry';
import { expect, it } from 'vitest';

import { Terminal } from '../terminal/terminal.ts';
import { TextSink } from '../testing.ts';
import { reportLines } from './check.ts';

const status = {
  id: '1',
  name: 'm1',
  clusterId: 'c',
  version: '3.5.21',
  leader: '1',
  learner: false,
  databaseBytes: 20_480,
  raftIndex: 1,
  raftAppliedIndex: 1,
  alarms: [],
  tookMs: 3.21,
  members: [],
};

function printed(report: CheckReport): string[] {
  const terminal = new Terminal(new TextSink(), {});
  return reportLines(report).map((line) => terminal.render(line));
}

it('prints members, what is registered, and each finding with what to do', () => {
  const error = new EtcdError('ERR_ETCD_UNAVAILABLE', 'status', '10.0.0.2:2379', {});
  const report: CheckReport = {
    members: [
      { host: '10.0.0.1:2379', status, error: undefined },
      { host: '10.0.0.2:2379', status: undefined, error },
    ],
    inspection: {
      revision: 7,
      services: [{ name: 'hash', endpoints: [], overrides: new Map(), unreadable: [] }],
    },
    error: undefined,
    findings: [
      { severity: 'error', code: 'all-draining', about: 'hash', what: 'every endpoint drains', todo: 'see why' },
      { severity: 'note', code: 'unused-override', about: 'hash \u001Bx', what: 'nobody', todo: 'clear it' },
    ],
  };
  expect(printed(report)).toEqual([
    'MEMBER         NAME  VERSION  ROLE    DATABASE  ANSWERED IN',
    '10.0.0.1:2379  m1    3.5.21   leader    20 KiB       3.2 ms',
    '10.0.0.2:2379  -     -        away           -            -',
    '',
    'Registry at revision 7: 1 service, 0 endpoints, 0 overrides.',
    '',
    'error   hash: every endpoint drains (all-draining)',
    '        → see why',
    'note    hash \\u{1b}x: nobody (unused-override)',
    '        → clear it',
    '',
    '1 error, 0 warnings, 1 note.',
  ]);
});

it('says so when nothing is wrong', () => {
  const report = { members: [], inspection: { revision: 1, services: [] }, error: undefined, findings: [] };
  expect(printed(report).at(-1)).toBe('Nothing wrong was found.');
});
