/** What goes into every answer: who gave it, and at which revision. */
export interface ResponseHeader {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: number;
  readonly raftTerm: string;
}

/**
 * The one member of the cluster. The ids are those of an etcd that was started without a name or peer address of its own; they
 * stay when the data goes, as they do when a real etcd is started again on an empty directory.
 */
const member = {
  name: 'default',
  memberId: '10276657743932975437',
  clusterId: '14841639068965178418',
  /** A single etcd elects itself in its second term. */
  raftTerm: '2',
  peerUrl: 'http://localhost:2380',
  /** The etcd whose behaviour this is. */
  version: '3.4.23',
} as const;

export function header(revision: number): ResponseHeader {
  const { clusterId, memberId, raftTerm } = member;
  return { clusterId, memberId, revision, raftTerm };
}
