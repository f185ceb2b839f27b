import type { ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Caller, Etcd, ResponseHeader } from '../etcd.ts';
import { uncoded, withoutCode } from '../etcd-error.ts';
import { bytesOf, keyOf } from '../store/key-range.ts';
import type { KeyValue, LeaseId } from '../store/key-value.ts';
import { type Claim, Turns } from '../turns.ts';
import { failStream, openStream, unaryWithoutCodes } from './call.ts';

interface LeaderKey {
  readonly name: Buffer;
  readonly key: Buffer;
  readonly rev: string;
  readonly lease: LeaseId;
}

interface CampaignRequest {
  readonly name: Buffer;
  readonly lease: LeaseId;
  readonly value: Buffer;
}

interface ProclaimRequest extends ResignRequest {
  readonly value: Buffer;
}

interface ResignRequest {
  readonly leader: LeaderKey | null;
}

interface LeaderResponse {
  readonly header: ResponseHeader;
  readonly kv: KeyValue;
}

/** The election service, for clients that leave the recipe to the server. */
export function electionService(etcd: Etcd): UntypedServiceImplementation {
  return {
    Campaign: unaryWithoutCodes(etcd, async ({ name, lease, value }: CampaignRequest, caller, onCancel) => {
      const turns = new Turns(etcd, caller, keyOf(name));
      const { claim, known } = await turns.join(lease, value);
      const header = etcd.header();
      if (known?.value.equals(value) === false) await turns.change(claim, value);
      await turns.wait(claim, onCancel);
      return { header, leader: { name, key: bytesOf(claim.key), rev: claim.createdAt, lease: claim.lease } };
    }),
    Proclaim: unaryWithoutCodes(etcd, async ({ leader, value }: ProclaimRequest, caller) => {
      const { turns, claim } = standing(etcd, caller, leader);
      const changed = await turns.change(claim, value);
      if (!changed) throw uncoded('election: not leader');
      return { header: etcd.header() };
    }),
    Leader: unaryWithoutCodes(etcd, async ({ name }: { readonly name: Buffer }, caller): Promise<LeaderResponse> => {
      const kv = await new Turns(etcd, caller, keyOf(name)).first();
      if (kv === undefined) throw uncoded('election: no leader');
      return { header: etcd.header(), kv };
    }),
    Observe(call: ServerWritableStream<{ readonly name: Buffer }, LeaderResponse>) {
      const caller = openStream(etcd, call);
      if (caller === undefined) return;
      const turns = new Turns(etcd, caller, keyOf(call.request.name));
      let told = 0;
      const tell = async (): Promise<void> => {
        const header = etcd.header();
        try {
          const kv = await turns.first();
          if (kv === undefined || kv.modRevision === told) return;
          told = kv.modRevision;
          call.write({ header, kv });
        } catch (error) {
          failStream(call, withoutCode(error));
        }
      };
      call.once(
        'close',
        turns.watch(() => void tell()),
      );
      void tell();
    },
    Resign: unaryWithoutCodes(etcd, async ({ leader }: ResignRequest, caller) => {
      const { turns, claim } = standing(etcd, caller, leader);
      await turns.leave(claim);
      return { header: etcd.header() };
    }),
  };
}

/** The claim that a client says it has, and the line that it stands in. */
function standing(
  etcd: Etcd,
  caller: Caller,
  leader: LeaderKey | null,
): { readonly turns: Turns; readonly claim: Claim } {
  if (leader === null) throw uncoded('"leader" field must be provided');
  const { name, key, rev, lease } = leader;
  const claim = { key: keyOf(key), lease, createdAt: Number(rev) };
  return { turns: new Turns(etcd, caller, keyOf(name)), claim };
}
