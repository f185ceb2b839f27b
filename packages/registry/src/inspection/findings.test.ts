import type { Endpoint } from '@lb/core';
import { expect, it } from 'vitest';

import { EtcdError } from '../errors.ts';
import { clusterFindings } from './cluster-findings.ts';
import type { InspectedEndpoint, InspectedService } from './inspect.ts';
import type { MemberReport, MemberStatus } from './members.ts';
import { serviceFindings } from './service-findings.ts';

const listed = ['1', '2', '3'].map((id) => ({ id, name: `m${id}`, clientUrls: [`http://10.0.0.${id}:2379`] }));

function member(id: string, change: Partial<MemberStatus> = {}): MemberReport {
  const status: MemberStatus = {
    id,
    name: `m${id}`,
    clusterId: 'c',
    version: '3.5.21',
    leader: '1',
    learner: false,
    databaseBytes: 20_480,
    raftIndex: 10,
    raftAppliedIndex: 10,
    alarms: [],
    tookMs: 3,
    members: listed,
    ...change,
  };
  return { host: `10.0.0.${id}:2379`, status, error: undefined };
}

function away(id: string, text = 'connect ECONNREFUSED'): MemberReport {
  const host = `10.0.0.${id}:2379`;
  const error = new EtcdError('ERR_ETCD_UNAVAILABLE', 'status', host, { cause: new Error(text) });
  return { host, status: undefined, error };
}

const healthy = [member('1'), member('2'), member('3')];
const codes = (members: readonly MemberReport[]): string[] =>
  clusterFindings(members).map(({ severity, code, about }) => `${severity} ${code} ${about}`);

it('finds nothing wrong with a cluster in order', () => {
  expect(clusterFindings(healthy)).toEqual([]);
});

it.each<[string, readonly MemberReport[], readonly string[]]>([
  ['one member away', [member('1'), away('2'), member('3')], ['warning member-away 10.0.0.2:2379']],
  ['all of them away', [away('1'), away('2')], ['error member-away 10.0.0.1:2379', 'error member-away 10.0.0.2:2379']],
  [
    'one that says it has no leader',
    [member('1', { leader: '0' }), ...healthy.slice(1)],
    ['error no-leader 10.0.0.1:2379'],
  ],
  [
    'one that refuses for want of a leader',
    [member('1'), away('2', 'etcdserver: no leader'), member('3')],
    ['error no-leader 10.0.0.2:2379'],
  ],
  ['a member that we were not told of', healthy.slice(0, 2), ['note member-unlisted hosts']],
  [
    'members of two clusters',
    [member('1'), member('2', { clusterId: 'd' }), member('3')],
    ['error other-cluster hosts'],
  ],
  ['an election', [member('1', { leader: '2' }), member('2'), member('3')], ['warning leaders-differ hosts']],
  ['an upgrade', [member('1', { version: '3.6.0' }), member('2'), member('3')], ['note versions-differ hosts']],
  [
    'a version that loses data',
    healthy.map(({ status }) => member(status!.id, { version: '3.5.2' })),
    ['1', '2', '3'].map((id) => `warning version-unsafe 10.0.0.${id}:2379`),
  ],
  ['an old version', [member('1', { version: '3.3.27', members: [] })], ['warning version-old 10.0.0.1:2379']],
  ['the next major version', [member('1', { version: '4.0.0', members: [] })], []],
  [
    'an alarm, once',
    healthy.map(({ status }) => member(status!.id, { alarms: ['NOSPACE'] })),
    ['error alarm alarm NOSPACE'],
  ],
  [
    'an alarm that nobody knows',
    [member('1', { alarms: ['NEWS'] }), member('2'), member('3')],
    ['error alarm alarm NEWS'],
  ],
  ['a slow member', [member('1', { tookMs: 1000 }), member('2'), member('3')], ['warning member-slow 10.0.0.1:2379']],
  [
    'a member behind',
    [member('1', { raftIndex: 5010 }), member('2'), member('3')],
    ['warning raft-behind 10.0.0.1:2379'],
  ],
  [
    'a large database',
    [member('1', { databaseBytes: 1.8e9 }), member('2'), member('3')],
    ['warning database-large 10.0.0.1:2379'],
  ],
  ['a learner', [member('1', { learner: true }), member('2'), member('3')], ['note member-learner 10.0.0.1:2379']],
])('finds %s', (_what, members, expected) => {
  expect(codes(members)).toEqual(expected);
});

it('names the members that it was not told of, also by those that have no name yet', () => {
  const members = [...listed.slice(0, 2), { id: '3', name: '', clientUrls: [] }];
  const [finding] = clusterFindings([member('1', { members }), member('2', { members })]);
  expect(finding?.what).toBe('the cluster has 1 more: one not started');
});

const now = 1_000_000_000;

function endpoint(
  id: string,
  change: Partial<InspectedEndpoint> = {},
  fields: Partial<Endpoint> = {},
): InspectedEndpoint {
  return {
    endpoint: { id, origin: `http://10.0.0.1:${id.codePointAt(0)}`, state: 'serving', metadata: {}, ...fields },
    leaseId: '7',
    lease: { grantedSeconds: 15, leftSeconds: 10 },
    counts: true,
    ...change,
  };
}

function service(endpoints: readonly InspectedEndpoint[], change: Partial<InspectedService> = {}): InspectedService {
  return { name: 'hash', endpoints, overrides: new Map(), unreadable: [], ...change };
}

it('finds nothing wrong with a service in order, or one that nobody has registered', () => {
  const set = new Map([
    ['*', { weight: { to: 2, by: 'ops', at: 1 } }],
    ['a', { weight: { to: 2, by: 'ops', at: 1 } }],
  ]);
  expect(serviceFindings(service([endpoint('a'), endpoint('b')], { overrides: set }), now)).toEqual([]);
  expect(serviceFindings(service([]), now)).toEqual([]);
});

it.each<[string, InspectedService, readonly string[]]>([
  [
    'an endpoint without a lease',
    service([endpoint('a', { leaseId: undefined, lease: undefined })]),
    ['warning no-lease hash a'],
  ],
  [
    'a lease that was not renewed in time',
    service([endpoint('a', { lease: { grantedSeconds: 15, leftSeconds: 4 } })]),
    ['warning lease-late hash a'],
  ],
  ['no fault in leases that were not asked for', service([endpoint('a', { lease: undefined })]), []],
  [
    'an address taken twice',
    service([endpoint('b', { counts: false }, { origin: 'x' }), endpoint('a', {}, { origin: 'x' })]),
    ['warning duplicate-address hash b'],
  ],
  [
    'an id taken twice',
    service([endpoint('a', { counts: false }, { origin: 'x' }), endpoint('a')]),
    ['warning duplicate-id hash a'],
  ],
  ['a clock that is ahead', service([endpoint('a', {}, { startedAt: now + 60_000 })]), ['warning clock-ahead hash a']],
  [
    'a key that cannot be read',
    service([], { unreadable: [{ subject: 'endpoints', key: 'lb/hash/x', why: 'y' }] }),
    ['warning unreadable lb/hash/x'],
  ],
  ['that all drain', service([endpoint('a', {}, { state: 'draining' })]), ['error all-draining hash']],
  ['that none has weight', service([endpoint('a', {}, { weight: 0 })]), ['error no-weight hash']],
  ['more than consumers take', service(Array.from({ length: 10_001 }, () => endpoint('a'))), ['warning too-many hash']],
  [
    'an override for nobody',
    service([endpoint('a')], { overrides: new Map([['b', {}]]) }),
    ['note unused-override hash b'],
  ],
])('finds %s', (_what, inspected, expected) => {
  expect(serviceFindings(inspected, now).map(({ severity, code, about }) => `${severity} ${code} ${about}`)).toEqual(
    expected,
  );
});

it('says of weights of 0 what consumers make of them', () => {
  const inspected = service([endpoint('a', {}, { weight: 0 }), endpoint('b', {}, { weight: 0 })]);
  expect(serviceFindings(inspected, now)[0]?.what).toContain('consumers have to use them all alike');
});

it('quotes an id that a shell would run', () => {
  const inspected = service([], { overrides: new Map([["$(x)'", {}]]) });
  expect(serviceFindings(inspected, now)[0]?.todo).toContain(String.raw`lb override clear hash '$(x)'\''',`);
});
