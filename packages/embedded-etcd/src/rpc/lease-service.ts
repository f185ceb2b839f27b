import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Database } from '../database.ts';
import { header, type ResponseHeader } from '../member.ts';
import { bytesOf } from '../store/key-range.ts';
import type { LeaseId } from '../store/key-value.ts';
import { unary } from './call.ts';

interface LeaseRequest {
  readonly ID: LeaseId;
}

interface KeepAliveResponse {
  readonly header: ResponseHeader;
  readonly ID: LeaseId;
  /** Seconds; 0 tells that there is no such lease. */
  readonly TTL: number;
}

/** The Lease service. */
export function leaseService(context: { readonly database: Database }): UntypedServiceImplementation {
  const ownHeader = (): ResponseHeader => header(context.database.store.revision);

  return {
    LeaseGrant: unary((request: LeaseRequest & { readonly TTL: string }) => {
      const { id, ttl } = context.database.lessor.grant(request.ID, Number(request.TTL));
      return { header: ownHeader(), ID: id, TTL: ttl };
    }),
    LeaseRevoke: unary((request: LeaseRequest) => {
      context.database.lessor.revoke(request.ID);
      return { header: ownHeader() };
    }),
    LeaseTimeToLive: unary((request: LeaseRequest & { readonly keys: boolean }) => {
      const { lessor, store } = context.database;
      const lease = lessor.get(request.ID);
      if (lease === undefined) return { header: ownHeader(), ID: request.ID, TTL: -1 };
      return {
        header: ownHeader(),
        ID: lease.id,
        TTL: Math.trunc(lessor.remaining(lease)),
        grantedTTL: lease.ttl,
        keys: request.keys ? store.keysOf(lease.id).map(bytesOf) : [],
      };
    }),
    LeaseLeases: unary(() => ({
      header: ownHeader(),
      leases: context.database.lessor.list().map(({ id }) => ({ ID: id })),
    })),
    LeaseKeepAlive(call: ServerDuplexStream<LeaseRequest, KeepAliveResponse>) {
      call.on('data', ({ ID }: LeaseRequest) => {
        // etcd answers for a lease that is gone with success and no time, so that one loss does not end the stream of others.
        call.write({ header: ownHeader(), ID, TTL: context.database.lessor.renew(ID)?.ttl ?? 0 });
      });
      call.on('end', () => call.end());
    },
  };
}
