import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Etcd } from '../etcd.ts';
import { refusal, unimplemented } from '../etcd-error.ts';
import { member } from '../member.ts';
import { unary } from './call.ts';

interface MemberRequest {
  readonly ID: string;
}

interface PeerUrls {
  readonly peerURLs: readonly string[];
}

/** The Cluster service of a cluster that has one member and stays so. */
export function clusterService(etcd: Etcd): UntypedServiceImplementation {
  // etcd leaves the revision out of these headers.
  const header = () => etcd.header(0);

  return {
    MemberList: unary(etcd, () => ({
      header: header(),
      members: [{ ID: member.memberId, name: member.name, peerURLs: [member.peerUrl], clientURLs: etcd.clientUrls }],
    })),
    MemberAdd: unary(etcd, ({ peerURLs }: PeerUrls, caller) =>
      etcd.manage(caller, () => {
        if (peerURLs.length === 0 || !peerURLs.every(isUrl)) throw refusal('badMemberUrls');
        throw unimplemented('this server is a cluster of one, no member can be added');
      }),
    ),
    MemberRemove: unary(etcd, ({ ID }: MemberRequest, caller) =>
      etcd.manage(caller, () => {
        throw refusal(ID === member.memberId ? 'notEnoughMembers' : 'memberNotFound');
      }),
    ),
    MemberUpdate: unary(etcd, ({ ID }: MemberRequest, caller) =>
      etcd.manage(caller, () => {
        if (ID !== member.memberId) throw refusal('memberNotFound');
        throw unimplemented('this server has no peers, its peer address cannot be changed');
      }),
    ),
    MemberPromote: unary(etcd, ({ ID }: MemberRequest, caller) =>
      etcd.manage(caller, () => {
        throw refusal(ID === member.memberId ? 'memberNotLearner' : 'memberNotFound');
      }),
    ),
  };
}

/** etcd takes scheme, host and port, and nothing else. */
function isUrl(text: string): boolean {
  return /^(https?|unixs?):\/\/[^/?#]+:\d+$/.test(text);
}
