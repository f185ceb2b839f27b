import { type handleUnaryCall, status } from '@grpc/grpc-js';
import { EtcdError } from '../etcd-error.ts';

/** Turns a function of the request into a gRPC method. What it throws becomes the answer's status. */
export function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    let response: Response;
    try {
      response = await answer(call.request);
    } catch (error) {
      callback(statusOf(error));
      return;
    }
    callback(null, response);
  };
}

/** The gRPC status that tells of `error`. */
function statusOf(error: unknown): { readonly code: status; readonly details: string } {
  if (error instanceof EtcdError) return { code: error.code, details: error.message };
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: status.INTERNAL, details: `The embedded etcd failed: ${details}` };
}
