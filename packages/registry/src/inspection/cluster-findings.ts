/** What is wrong with a cluster, by what its members say. Pure. */
import type { Finding } from './finding.ts';
import type { MemberReport, MemberStatus } from './members.ts';

interface Answered {
  readonly host: string;
  readonly status: MemberStatus;
}

export function clusterFindings(members: readonly MemberReport[]): Finding[] {
  const answered = members.flatMap(({ host, status }) => (status === undefined ? [] : [{ host, status }]));
  return [
    ...members.flatMap((member) => awayFinding(member, answered.length)),
    ...answered.flatMap(memberFindings),
    ...alarmFindings(answered),
    ...agreementFindings(answered),
    ...unlistedFindings(members, answered),
  ];
}

function awayFinding({ host, error }: MemberReport, answered: number): Finding[] {
  if (error === undefined) return [];
  const leaderless = error.message.includes('no leader');
  return [
    {
      severity: answered === 0 || leaderless ? 'error' : 'warning',
      code: leaderless ? 'no-leader' : 'member-away',
      about: host,
      what: leaderless ? 'it has no leader, so nothing can be read or written through it' : error.message,
      todo: leaderless
        ? 'see that more than half of the members run and reach each other'
        : 'see whether it runs, and whether the address and the certificates are right',
    },
  ];
}

/** A second is half of what a call may take by default, and a thousand times what it should. */
const slowMs = 1000;
/** etcd refuses all requests once it has applied this much less than it has: `maxGapBetweenApplyAndCommitIndex`. */
const refusedBehind = 5000;
/** etcd takes 2 GiB by default, and only reads and deletes once it is full. */
const largeBytes = 0.8 * 2 * 1024 ** 3;

function memberFindings({ host, status }: Answered): Finding[] {
  const { leader, learner, tookMs, raftIndex, raftAppliedIndex, databaseBytes } = status;
  const found: Finding[] = [];
  const add = (severity: Finding['severity'], code: Finding['code'], what: string, todo: string): void => {
    found.push({ severity, code, about: host, what, todo });
  };
  if (leader === '0') {
    add('error', 'no-leader', 'it has no leader', 'see that more than half of the members run and reach each other');
  }
  if (learner) add('note', 'member-learner', 'it is a learner, which refuses most calls', 'leave it out of the hosts');
  if (tookMs >= slowMs) {
    add(
      'warning',
      'member-slow',
      `it took ${Math.round(tookMs)} ms to answer`,
      'look at its disk, its load and the way to it',
    );
  }
  if (raftIndex - raftAppliedIndex >= refusedBehind) {
    add(
      'warning',
      'raft-behind',
      `${raftIndex - raftAppliedIndex} entries wait to be applied`,
      'look at its disk and its load',
    );
  }
  if (databaseBytes >= largeBytes) {
    const gib = (databaseBytes / 1024 ** 3).toFixed(1);
    add(
      'warning',
      'database-large',
      `its database has ${gib} GiB; by default etcd takes no writes at 2`,
      'compact and defragment it, or raise --quota-backend-bytes',
    );
  }
  return [...found, ...versionFindings(host, status.version)];
}

function versionFindings(host: string, version: string): Finding[] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major === 3 && minor === 5 && patch < 3) {
    return [
      {
        severity: 'warning',
        code: 'version-unsafe',
        about: host,
        what: `etcd ${version} can end up with other data than its peers when it is killed under load`,
        todo: 'go to 3.5.3 or later, as its makers ask',
      },
    ];
  }
  if (major > 3 || (major === 3 && minor >= 4)) return [];
  return [
    {
      severity: 'warning',
      code: 'version-old',
      about: host,
      what: `etcd ${version} is older than what this is tested on`,
      todo: 'go to 3.4 or later',
    },
  ];
}

const alarms: Readonly<Record<string, readonly [what: string, todo: string]>> = {
  NOSPACE: [
    'its database is full, and it takes no writes: nobody can register or renew for long',
    'compact, defragment every member, then etcdctl alarm disarm',
  ],
  CORRUPT: ['members have found that their data differ', 'see "data corruption" in the documentation of etcd'],
};

function alarmFindings(answered: readonly Answered[]): Finding[] {
  const raised = new Set(answered.flatMap(({ status }) => status.alarms));
  return Array.from(raised, (alarm) => {
    const [what, todo] = alarms[alarm] ?? ['an alarm is raised', 'see etcdctl alarm list'];
    return { severity: 'error', code: 'alarm', about: `alarm ${alarm}`, what, todo };
  });
}

/** Whether all who answered are one cluster, of one mind. */
function agreementFindings(answered: readonly Answered[]): Finding[] {
  const found: Finding[] = [];
  const led = answered.filter(({ status }) => status.leader !== '0');
  const groups = (by: (status: MemberStatus) => string, among = answered): ReadonlyMap<string, readonly Answered[]> =>
    Map.groupBy(among, ({ status }) => by(status));
  const list = (by: ReadonlyMap<string, readonly Answered[]>): string =>
    Array.from(by, ([value, hosts]) => `${value} on ${hosts.map(({ host }) => host).join(', ')}`).join('; ');
  const clusters = groups(({ clusterId }) => clusterId);
  if (clusters.size > 1) {
    found.push({
      severity: 'error',
      code: 'other-cluster',
      about: 'hosts',
      what: `they belong to different clusters: ${list(clusters)}`,
      todo: 'give the members of one cluster only; consumers that ask different ones see different providers',
    });
    return found;
  }
  const leaders = groups(({ leader }) => leader, led);
  if (leaders.size > 1) {
    found.push({
      severity: 'warning',
      code: 'leaders-differ',
      about: 'hosts',
      what: `they follow different leaders: ${list(leaders)}`,
      todo: 'look again: during an election this passes; if it stays, the members do not reach each other',
    });
  }
  const versions = groups(({ version }) => version);
  if (versions.size > 1) {
    found.push({
      severity: 'note',
      code: 'versions-differ',
      about: 'hosts',
      what: `they run different versions: ${list(versions)}`,
      todo: 'finish the upgrade',
    });
  }
  return found;
}

/** Members that exist and that we were not given: with those that we were given, they are who could take over. */
function unlistedFindings(members: readonly MemberReport[], answered: readonly Answered[]): Finding[] {
  const known = new Set(answered.map(({ status }) => status.id));
  const away = members.filter(({ status }) => status === undefined).length;
  const listed = new Map(
    answered.flatMap(({ status }) => status.members.map((member) => [member.id, member] as const)),
  );
  const others = [...listed.values()].filter(({ id }) => !known.has(id));
  // One that did not answer did not tell its id, and is among these.
  if (others.length <= away) return [];
  return [
    {
      severity: 'note',
      code: 'member-unlisted',
      about: 'hosts',
      what: `the cluster has ${others.length - away} more: ${others.map(({ name, clientUrls }) => `${name || 'one not started'} ${clientUrls.join(' ')}`.trim()).join(', ')}`,
      todo: 'give all of them, so that the others are asked when one is away',
    },
  ];
}
