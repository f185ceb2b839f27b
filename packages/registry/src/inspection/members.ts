/** What each member of the cluster says of itself. */
import type { IMember, IStatusResponse } from 'etcd3';

import { systemClock } from '../clock.ts';
import { Connection } from '../etcd/connection.ts';
import type { CheckedEtcdOptions } from '../etcd/etcd-options.ts';
import { EtcdError } from '../errors.ts';
import { printable } from '../channels.ts';

/** A member that was given to us, and what it said. */
export interface MemberReport {
  /** As it was given, such as `10.0.0.1:2379`. */
  readonly host: string;
  /** What it says of itself; `undefined` when it did not answer. */
  readonly status: MemberStatus | undefined;
  /** Why it did not. */
  readonly error: Error | undefined;
}

/** What one member of the cluster says of itself. */
export interface MemberStatus {
  readonly id: string;
  /** Its name in the cluster; empty when it does not say. */
  readonly name: string;
  readonly clusterId: string;
  readonly version: string;
  /** Id of the member that it takes for the leader; `0` for none. */
  readonly leader: string;
  readonly learner: boolean;
  readonly databaseBytes: number;
  /** Entries of the raft log that it has, and that it has applied. */
  readonly raftIndex: number;
  readonly raftAppliedIndex: number;
  /** Alarms that are raised in the cluster, such as `NOSPACE`. */
  readonly alarms: readonly string[];
  /** How long it took to answer, connecting included, in milliseconds. */
  readonly tookMs: number;
  /** All members of the cluster, by its list; empty when it does not tell us. */
  readonly members: readonly ListedMember[];
}

/** A member as the cluster knows it. */
export interface ListedMember {
  readonly id: string;
  readonly name: string;
  /** Where clients are to find it. */
  readonly clientUrls: readonly string[];
}

/** Asks every member, each on a connection of its own, without user and password: reaching it and being let in are two things. */
export function readMembers(options: CheckedEtcdOptions, signal: AbortSignal): Promise<MemberReport[]> {
  return Promise.all(options.hosts.map((host) => readMember(options, host, signal)));
}

async function readMember(options: CheckedEtcdOptions, host: string, signal: AbortSignal): Promise<MemberReport> {
  let connection: Connection | undefined;
  try {
    connection = new Connection({ etcd: options, host, clock: systemClock, tokens: undefined });
    const startedAt = systemClock.now();
    const status = await connection.call('status', ({ maintenance }, call) => maintenance.status(call), { signal });
    const tookMs = systemClock.now() - startedAt;
    // Whoever is not logged in may be refused the list.
    const members = await connection
      .call('memberList', ({ cluster }, call) => cluster.memberList({}, call), { signal })
      .then((list) => list.members)
      .catch(() => []);
    return { host, status: toStatus(status, members, tookMs), error: undefined };
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return { host, status: undefined, error };
  } finally {
    connection?.retire();
  }
}

function toStatus(status: IStatusResponse, members: readonly IMember[], tookMs: number): MemberStatus {
  const { header, version, leader, dbSize, raftIndex, raftAppliedIndex, errors, isLearner } = status;
  const id = header.member_id;
  return {
    id,
    name: printable(members.find((member) => member.ID === id)?.name ?? ''),
    clusterId: header.cluster_id,
    version: printable(version),
    leader,
    learner: isLearner,
    databaseBytes: Number(dbSize),
    raftIndex: Number(raftIndex),
    raftAppliedIndex: Number(raftAppliedIndex),
    // As text only: `memberID:10276657743932975437 alarm:NOSPACE `.
    alarms: errors.flatMap((text) => /\balarm:(\w+)/.exec(text)?.[1] ?? []),
    tookMs,
    members: members.map(({ ID, name, clientURLs }) => ({
      id: ID,
      name: printable(name),
      clientUrls: clientURLs.map(printable),
    })),
  };
}
