import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { every } from '../clock.ts';
import type { Caller, Etcd, ResponseHeader } from '../etcd.ts';
import { EtcdError, refusal } from '../etcd-error.ts';
import { loggedKeyRange } from '../store/key-range.ts';
import type { WatchReply } from '../watch/watch-reply.ts';
import { type Outlet, WatchStream } from '../watch/watch-stream.ts';
import type { WatchOptions } from '../watch/watcher.ts';
import { openStream } from './call.ts';

interface WatchCreateRequest {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
  readonly startRevision: string;
  readonly progressNotify: boolean;
  readonly filters: readonly ('Noput' | 'Nodelete')[];
  readonly prevKv: boolean;
  readonly watchId: string;
  readonly fragment: boolean;
}

/** Which request is meant is the name of the field that is set. */
interface WatchRequest {
  readonly createRequest?: WatchCreateRequest | null;
  readonly cancelRequest?: { readonly watchId: string } | null;
  readonly progressRequest?: object | null;
}

type WatchResponse = Omit<WatchReply, 'revision'> & { readonly header: ResponseHeader };

type WatchCall = ServerDuplexStream<WatchRequest, WatchResponse>;

/** etcd's own bound on answers that wait to be sent on a stream. */
const maxWaiting = 128;

/** What an empty key stands for. */
const smallestKey = Buffer.from([0]);

/** The Watch service. */
export function watchService(etcd: Etcd): UntypedServiceImplementation {
  return {
    Watch(call: WatchCall) {
      const caller = openStream(etcd, call);
      if (caller === undefined) return;
      const { store, hub } = etcd.database;
      const stream = new WatchStream(store, hub, outletOf(etcd, call));
      const { clock, progressNotifyIntervalMs } = etcd.settings;
      const stopNotifying = every(clock, progressNotifyIntervalMs, () => stream.notifyProgress());
      call.on('data', (request: WatchRequest) => receive(etcd, caller, stream, request));
      call.on('drain', () => stream.resume());
      // A client that has ended its side goes on hearing of changes; only the end of the call ends its watches.
      call.once('close', () => {
        stopNotifying();
        stream.close();
      });
    },
  };
}

function receive(etcd: Etcd, caller: Caller, stream: WatchStream, request: WatchRequest): void {
  const { createRequest, cancelRequest, progressRequest } = request;
  if (createRequest) create(etcd, caller, stream, createRequest);
  else if (cancelRequest) stream.cancel(cancelRequest.watchId);
  else if (progressRequest) stream.requestProgress();
}

function create(etcd: Etcd, caller: Caller, stream: WatchStream, request: WatchCreateRequest): void {
  const options = optionsOf(request);
  try {
    const user = etcd.identify(caller);
    if (etcd.watchesDenied) throw refusal('permissionDenied');
    etcd.database.auth.requireAccess(user, 'read', options.range);
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    stream.refuse(error.goText);
    return;
  }
  stream.create(request.watchId, options);
}

function optionsOf(request: WatchCreateRequest): WatchOptions {
  const { prevKv, progressNotify, fragment } = request;
  return {
    range: loggedKeyRange(request.key.length === 0 ? smallestKey : request.key, request.rangeEnd),
    startRevision: Number(request.startRevision),
    without: new Set(request.filters.map((filter) => (filter === 'Noput' ? 'Put' : 'Delete'))),
    prevKv,
    progressNotify,
    fragment,
  };
}

function outletOf(etcd: Etcd, call: WatchCall): Outlet {
  return {
    get full() {
      return call.writableLength >= maxWaiting;
    },
    send({ revision, ...reply }) {
      call.write({ header: etcd.header(revision), ...reply });
    },
  };
}
