import { type ServerWritableStream, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Etcd } from '../etcd.ts';
import { EtcdError } from '../etcd-error.ts';
import { unary } from './call.ts';

interface HealthCheckRequest {
  readonly service: string;
}

interface HealthCheckResponse {
  readonly status: 'SERVING' | 'SERVICE_UNKNOWN';
}

/** gRPC's own health service. As in etcd it knows the server as a whole, which has no name, and is well as long as it answers. */
export function healthService(etcd: Etcd): UntypedServiceImplementation {
  return {
    Check: unary(etcd, ({ service }: HealthCheckRequest): HealthCheckResponse => {
      if (service !== '') throw new EtcdError(status.NOT_FOUND, 'unknown service');
      return { status: 'SERVING' };
    }),
    Watch(call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>) {
      call.write({ status: call.request.service === '' ? 'SERVING' : 'SERVICE_UNKNOWN' });
    },
  };
}
