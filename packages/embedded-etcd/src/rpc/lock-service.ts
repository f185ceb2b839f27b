import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Etcd } from '../etcd.ts';
import { checkDelete } from '../auth/access.ts';
import { applyDelete } from '../store/apply.ts';
import { bytesOf, keyOf } from '../store/key-range.ts';
import type { LeaseId } from '../store/key-value.ts';
import { Turns } from '../turns.ts';
import { unaryWithoutCodes } from './call.ts';
import { deleteOperation } from './kv-requests.ts';

/** The lock service, for clients that leave the recipe to the server. */
export function lockService(etcd: Etcd): UntypedServiceImplementation {
  return {
    Lock: unaryWithoutCodes(
      etcd,
      async ({ name, lease }: { readonly name: Buffer; readonly lease: LeaseId }, caller, onCancel) => {
        const turns = new Turns(etcd, caller, keyOf(name));
        const { claim } = await turns.join(lease, Buffer.alloc(0));
        await turns.wait(claim, onCancel);
        return { header: etcd.header(), key: bytesOf(claim.key) };
      },
    ),
    Unlock: unaryWithoutCodes(etcd, ({ key }: { readonly key: Buffer }, caller) => {
      const operation = deleteOperation({ key });
      return etcd.propose(caller, key.length, (user) => {
        checkDelete(etcd.database.auth, user, operation);
        applyDelete(etcd.database.store, operation);
        return { header: etcd.header() };
      });
    }),
  };
}
