import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { checkLease } from '../auth/access.ts';
import type { Etcd, ResponseHeader } from '../etcd.ts';
import { bytesOf } from '../store/key-range.ts';
import type { LeaseId } from '../store/key-value.ts';
import { failStream, openStream, unary } from './call.ts';
import { wireSize } from './protocol.ts';

interface LeaseRequest {
  readonly ID: LeaseId;
}

interface KeepAliveResponse {
  readonly header: ResponseHeader;
  readonly ID: LeaseId;
  /** Seconds; 0 tells that there is no such lease. */
  readonly TTL: number;
}

/** The Lease service. As in etcd 3.4, anybody may ask about leases and keep them alive, also while auth is enabled. */
export function leaseService(etcd: Etcd): UntypedServiceImplementation {
  return {
    LeaseGrant: unary(etcd, (request: LeaseRequest & { readonly TTL: string }, caller) =>
      etcd.propose(caller, wireSize(request), () => {
        const { alarms, lessor } = etcd.database;
        alarms.refuseGrowth();
        const { id, ttl } = lessor.grant(request.ID, Number(request.TTL));
        return { header: etcd.header(), ID: id, TTL: ttl };
      }),
    ),
    LeaseRevoke: unary(etcd, (request: LeaseRequest, caller) =>
      etcd.propose(caller, wireSize(request), (user) => {
        const { alarms, auth, lessor, store } = etcd.database;
        checkLease(auth, user, request.ID, store);
        alarms.refuseCorrupt();
        lessor.revoke(request.ID);
        return { header: etcd.header() };
      }),
    ),
    LeaseTimeToLive: unary(etcd, (request: LeaseRequest & { readonly keys: boolean }) =>
      etcd.consensus.askLeader(() => {
        const { lessor, store } = etcd.database;
        const lease = lessor.get(request.ID);
        if (lease === undefined) return { header: etcd.header(), ID: request.ID, TTL: -1 };
        return {
          header: etcd.header(),
          ID: lease.id,
          TTL: Math.trunc(lessor.remaining(lease)),
          grantedTTL: lease.ttl,
          keys: request.keys ? store.keysOf(lease.id).map(bytesOf) : [],
        };
      }),
    ),
    LeaseLeases: unary(etcd, () => ({
      header: etcd.header(),
      leases: etcd.database.lessor.list().map(({ id }) => ({ ID: id })),
    })),
    LeaseKeepAlive(call: ServerDuplexStream<LeaseRequest, KeepAliveResponse>) {
      if (openStream(etcd, call) === undefined) return;
      // One after the other: the answers come in the order of the requests, also when some had to wait for a leader.
      let last = Promise.resolve();
      const inTurn = (act: () => void | Promise<void>): void => {
        last = last.then(act).catch((error: unknown) => failStream(call, error));
      };
      call.on('data', ({ ID }: LeaseRequest) => inTurn(() => renew(ID)));
      call.on('end', () => inTurn(() => void call.end()));

      async function renew(ID: LeaseId): Promise<void> {
        const lease = await etcd.consensus.askLeader(() => etcd.database.lessor.renew(ID));
        // etcd answers for a lease that is gone with success and no time, so that one loss does not end the stream of others.
        call.write({ header: etcd.header(), ID, TTL: lease?.ttl ?? 0 });
      }
    },
  };
}
