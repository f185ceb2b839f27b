/** A gRPC client that adds nothing of its own: what it returns is what came over the wire. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  Client,
  credentials,
  type ClientDuplexStream,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import type * as etcd from 'etcd3';

/** What each unary method takes and gives. */
export interface Methods {
  'KV/Range': [etcd.IRangeRequest, etcd.IRangeResponse];
  'KV/Put': [etcd.IPutRequest, etcd.IPutResponse];
  'KV/DeleteRange': [etcd.IDeleteRangeRequest, etcd.IDeleteRangeResponse];
  'KV/Txn': [etcd.ITxnRequest, etcd.ITxnResponse];
  'KV/Compact': [etcd.ICompactionRequest, etcd.ICompactionResponse];
  'Lease/LeaseGrant': [etcd.ILeaseGrantRequest, etcd.ILeaseGrantResponse];
  'Lease/LeaseRevoke': [etcd.ILeaseRevokeRequest, etcd.ILeaseRevokeResponse];
  'Lease/LeaseTimeToLive': [etcd.ILeaseTimeToLiveRequest, etcd.ILeaseTimeToLiveResponse];
  'Lease/LeaseLeases': [etcd.ILeaseLeasesRequest, etcd.ILeaseLeasesResponse];
  'Auth/AuthEnable': [etcd.IAuthEnableRequest, etcd.IAuthEnableResponse];
  'Auth/AuthDisable': [etcd.IAuthDisableRequest, etcd.IAuthDisableResponse];
  'Auth/AuthStatus': [etcd.IAuthStatusRequest, etcd.IAuthStatusResponse];
  'Auth/Authenticate': [etcd.IAuthenticateRequest, etcd.IAuthenticateResponse];
  'Auth/UserAdd': [etcd.IAuthUserAddRequest, etcd.IAuthUserAddResponse];
  'Auth/UserGet': [etcd.IAuthUserGetRequest, etcd.IAuthUserGetResponse];
  'Auth/UserList': [etcd.IAuthUserListRequest, etcd.IAuthUserListResponse];
  'Auth/UserDelete': [etcd.IAuthUserDeleteRequest, etcd.IAuthUserDeleteResponse];
  'Auth/UserChangePassword': [etcd.IAuthUserChangePasswordRequest, etcd.IAuthUserChangePasswordResponse];
  'Auth/UserGrantRole': [etcd.IAuthUserGrantRoleRequest, etcd.IAuthUserGrantRoleResponse];
  'Auth/UserRevokeRole': [etcd.IAuthUserRevokeRoleRequest, etcd.IAuthUserRevokeRoleResponse];
  'Auth/RoleAdd': [etcd.IAuthRoleAddRequest, etcd.IAuthRoleAddResponse];
  'Auth/RoleGet': [etcd.IAuthRoleGetRequest, etcd.IAuthRoleGetResponse];
  'Auth/RoleList': [etcd.IAuthRoleListRequest, etcd.IAuthRoleListResponse];
  'Auth/RoleDelete': [etcd.IAuthRoleDeleteRequest, etcd.IAuthRoleDeleteResponse];
  'Auth/RoleGrantPermission': [etcd.IAuthRoleGrantPermissionRequest, etcd.IAuthRoleGrantPermissionResponse];
  'Auth/RoleRevokePermission': [etcd.IAuthRoleRevokePermissionRequest, etcd.IAuthRoleRevokePermissionResponse];
  'Cluster/MemberList': [etcd.IMemberListRequest, etcd.IMemberListResponse];
  'Cluster/MemberAdd': [etcd.IMemberAddRequest, etcd.IMemberAddResponse];
  'Cluster/MemberRemove': [etcd.IMemberRemoveRequest, etcd.IMemberRemoveResponse];
  'Cluster/MemberUpdate': [etcd.IMemberUpdateRequest, etcd.IMemberUpdateResponse];
  'Cluster/MemberPromote': [etcd.IMemberPromoteRequest, etcd.IMemberPromoteResponse];
  'Maintenance/Status': [etcd.IStatusRequest, etcd.IStatusResponse];
  'Maintenance/Alarm': [etcd.IAlarmRequest, etcd.IAlarmResponse];
  'Maintenance/Defragment': [etcd.IDefragmentRequest, etcd.IDefragmentResponse];
  'Maintenance/Hash': [etcd.IHashRequest, etcd.IHashResponse];
  'Maintenance/HashKV': [etcd.IHashKVRequest, etcd.IHashKVResponse];
  'Maintenance/MoveLeader': [etcd.IMoveLeaderRequest, etcd.IMoveLeaderResponse];
  'v3lockpb.Lock/Lock': [{ name?: Buffer; lease?: string | number }, { header: etcd.IResponseHeader; key: Buffer }];
  'v3lockpb.Lock/Unlock': [{ key?: Buffer }, { header: etcd.IResponseHeader }];
  'v3electionpb.Election/Campaign': [
    { name?: Buffer; lease?: string | number; value?: Buffer },
    { header: etcd.IResponseHeader; leader: LeaderKey },
  ];
  'v3electionpb.Election/Proclaim': [{ leader?: LeaderKey; value?: Buffer }, { header: etcd.IResponseHeader }];
  'v3electionpb.Election/Leader': [{ name?: Buffer }, LeaderAnswer];
  'v3electionpb.Election/Resign': [{ leader?: LeaderKey }, { header: etcd.IResponseHeader }];
  'grpc.health.v1.Health/Check': [{ service?: string }, { status: string }];
}

/** What each streaming method takes and gives, again and again. */
export interface Streams {
  'Watch/Watch': [etcd.IWatchRequest, etcd.IWatchResponse];
  'Lease/LeaseKeepAlive': [etcd.ILeaseKeepAliveRequest, etcd.ILeaseKeepAliveResponse];
  'Maintenance/Snapshot': [etcd.ISnapshotRequest, etcd.ISnapshotResponse];
  'v3electionpb.Election/Observe': [{ name?: Buffer }, LeaderAnswer];
  'grpc.health.v1.Health/Watch': [{ service?: string }, { status: string }];
}

interface LeaderKey {
  name: Buffer;
  key: Buffer;
  rev: string;
  lease: string;
}

interface LeaderAnswer {
  header: etcd.IResponseHeader;
  kv: etcd.IKeyValue;
}

const etcdFile = createRequire(import.meta.url).resolve('etcd3/proto/rpc.proto');
const otherFiles = ['lock', 'election', 'health'].map((name) => join(import.meta.dirname, `../../proto/${name}.proto`));

const protocol = loadSync([etcdFile, ...otherFiles], {
  includeDirs: [dirname(etcdFile)],
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});

/** No answer that is waited for takes this long on a machine that is alive. */
const patienceMs = 10_000;

export class RawClient {
  readonly #client: Client;
  readonly #metadata: Readonly<Record<string, string>>;

  constructor(
    address: string,
    metadata: Readonly<Record<string, string>> = {},
    channel = credentials.createInsecure(),
  ) {
    this.#client = new Client(address, channel, {
      'grpc.max_receive_message_length': -1,
      // A certificate is asked for by name: Node warns when it is by address.
      'grpc.ssl_target_name_override': 'localhost',
      // A connection of its own, which does not wait for what became of another's.
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#metadata = metadata;
  }

  call<M extends keyof Methods>(method: M, request: Methods[M][0], timeoutMs = patienceMs): Promise<Methods[M][1]> {
    const { path, requestSerialize, responseDeserialize } = definitionOf<Methods[M]>(method);
    const { promise, resolve, reject } = Promise.withResolvers<Methods[M][1]>();
    const options = { deadline: Date.now() + timeoutMs };
    this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      this.#headers(),
      options,
      (error, response) => (response === undefined ? reject(error ?? new Error('No answer')) : resolve(response)),
    );
    return promise;
  }

  /** Calls a method that may not be there, with an empty message. */
  callUnknown(path: string): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const empty = (): Buffer => Buffer.alloc(0);
    const options = { deadline: Date.now() + patienceMs };
    this.#client.makeUnaryRequest(path, empty, empty, {}, this.#headers(), options, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
    return promise;
  }

  /** A stream that one request opens. */
  serverStream<M extends keyof Streams>(method: M, request: Streams[M][0]): RawStream<Streams[M][0], Streams[M][1]> {
    const { path, requestSerialize, responseDeserialize } = definitionOf<Streams[M]>(method);
    return new RawStream(
      this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, this.#headers()),
    );
  }

  stream<M extends keyof Streams>(method: M): RawStream<Streams[M][0], Streams[M][1]> {
    const { path, requestSerialize, responseDeserialize } = definitionOf<Streams[M]>(method);
    return new RawStream(
      this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.#headers()),
    );
  }

  close(): void {
    this.#client.close();
  }

  #headers(): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(this.#metadata)) metadata.set(name, value);
    return metadata;
  }
}

/** A stream whose answers are taken one by one. */
export class RawStream<Request, Response> {
  readonly #call: ClientDuplexStream<Request, Response> | ClientReadableStream<Response>;
  readonly #answers: (Response | ServiceError | 'end')[] = [];
  #wake: (() => void) | undefined;

  constructor(call: ClientDuplexStream<Request, Response> | ClientReadableStream<Response>) {
    this.#call = call;
    call.on('data', (response: Response) => this.#take(response));
    call.on('error', (error: ServiceError) => this.#take(error));
    call.on('end', () => this.#take('end'));
  }

  write(request: Request): void {
    if ('write' in this.#call) this.#call.write(request);
  }

  /** Ends this side of the stream; the other may go on. */
  end(): void {
    if ('end' in this.#call) this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  /** The next answer. Throws the error that ended the stream, or one of its own when it just ended. */
  async next(): Promise<Response> {
    const answer = await this.#nextAnswer();
    if (answer === 'end') throw new Error('The stream ended');
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** Waits until the server has ended the stream without an error. */
  async ended(): Promise<void> {
    const answer = await this.#nextAnswer();
    if (answer !== 'end') throw new Error(`Expected the end, got ${JSON.stringify(answer)}`);
  }

  async #nextAnswer(): Promise<Response | ServiceError | 'end'> {
    const deadline = AbortSignal.timeout(patienceMs);
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        deadline.addEventListener('abort', () => reject(new Error(`No answer within ${patienceMs} ms`)), {
          once: true,
        });
      });
    }
  }

  #take(answer: Response | ServiceError | 'end'): void {
    this.#answers.push(answer);
    this.#wake?.();
  }
}

/** What a refused call was answered: `INVALID_ARGUMENT etcdserver: key is not provided`. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'no failure';
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return `${status[error.code]} ${error.details}`;
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

function definitionOf<Pair extends [unknown, unknown]>(
  method: string,
): MethodDefinition<Pair[0] & object, Pair[1] & object> {
  const [service = '', name = ''] = method.split('/');
  const definition = protocol[service.includes('.') ? service : `etcdserverpb.${service}`];
  const found = definition === undefined || typeof definition['format'] === 'string' ? undefined : definition[name];
  if (found === undefined) throw new Error(`No method ${method} in the protocol file`);
  return found;
}
