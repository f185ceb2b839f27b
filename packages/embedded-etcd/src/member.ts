/**
 * The one member of the cluster. The ids are those of an etcd that was started without a name or a peer address of its own; they
 * stay when the data goes, as they do when a real etcd is started again on an empty directory.
 */
export interface Member {
  readonly name: string;
  readonly memberId: string;
  readonly clusterId: string;
  readonly peerUrl: string;
  /** The etcd whose behaviour this is. */
  readonly version: string;
}

export const member: Member = {
  name: 'default',
  memberId: '10276657743932975437',
  clusterId: '14841639068965178418',
  peerUrl: 'http://localhost:2380',
  version: '3.4.23',
};
