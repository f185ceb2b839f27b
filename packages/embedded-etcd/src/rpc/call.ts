import { type handleUnaryCall, type ServerUnaryCall, status } from '@grpc/grpc-js';
import type { Caller, Etcd } from '../etcd.ts';
import { EtcdError, refusal, withoutCode } from '../etcd-error.ts';

/** What unary and streaming calls have in common. */
type Call = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getAuthContext'>;

/** What a streaming call adds. */
export interface StreamCall extends Call {
  emit(event: 'error', status: { readonly code: status; readonly details: string }): boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Answers a request. `onCancel` tells when the client has given up on it. */
export type Answer<Request, Response> = (
  request: Request,
  caller: Caller,
  onCancel: (listener: () => void) => void,
) => Response | Promise<Response>;

/** Turns a function of the request into a gRPC method. What it throws becomes the answer's status. */
export function unary<Request, Response>(
  etcd: Etcd,
  answer: Answer<Request, Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    let answered = false;
    const onCancel = (listener: () => void): void => {
      if (call.cancelled) listener();
      // gRPC tells of a cancellation when a call ends as well.
      call.once('cancelled', () => {
        if (!answered) listener();
      });
    };
    let response: Response;
    try {
      const caller = callerOf(call);
      if (caller.needsLeader) etcd.consensus.requireLeader();
      response = await answer(call.request, caller, onCancel);
    } catch (error) {
      callback(statusOf(error));
      return;
    } finally {
      answered = true;
    }
    callback(null, response);
  };
}

/** As {@link unary}, with errors that come without their codes. */
export function unaryWithoutCodes<Request, Response>(
  etcd: Etcd,
  answer: Answer<Request, Response>,
): handleUnaryCall<Request, Response> {
  return unary(etcd, async (request: Request, caller, onCancel) => {
    try {
      return await answer(request, caller, onCancel);
    } catch (error) {
      throw withoutCode(error);
    }
  });
}

/**
 * Who made a streaming call. Undefined when the call has been ended, since its caller needs a leader and there is none; one that is
 * lost for a while later on ends the call too.
 */
export function openStream(etcd: Etcd, call: StreamCall): Caller | undefined {
  const caller = callerOf(call);
  if (!caller.needsLeader) return caller;
  try {
    etcd.consensus.requireLeader();
  } catch (error) {
    failStream(call, error);
    return undefined;
  }
  call.once(
    'close',
    etcd.consensus.guardStream(() => failStream(call, refusal('noLeader'))),
  );
  return caller;
}

/** Ends a streaming call with the status that tells of `error`. */
export function failStream(call: StreamCall, error: unknown): void {
  call.emit('error', statusOf(error));
}

function callerOf(call: Call): Caller {
  const [token] = call.metadata.get('token');
  const name = call.getAuthContext().sslPeerCertificate?.subject.CN;
  return {
    token: token?.toString(),
    certificateName: Array.isArray(name) ? name[0] : name,
    needsLeader: call.metadata.get('hasleader')[0]?.toString() === 'true',
  };
}

/** The gRPC status that tells of `error`. */
function statusOf(error: unknown): { readonly code: status; readonly details: string } {
  if (error instanceof EtcdError) return { code: error.code, details: error.message };
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: status.INTERNAL, details: `embedded-etcd failed: ${details}` };
}
