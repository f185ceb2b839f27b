import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { type Clock, every } from '../clock.ts';
import type { Database } from '../database.ts';
import { header, type ResponseHeader } from '../member.ts';
import { keyRange } from '../store/key-range.ts';
import type { WatchReply } from '../watch/watch-reply.ts';
import { type Outlet, WatchStream } from '../watch/watch-stream.ts';
import type { WatchOptions } from '../watch/watcher.ts';

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

const anyKey = Buffer.from([0]);

/** The Watch service. */
export function watchService(context: {
  readonly database: Database;
  readonly clock: Clock;
  readonly progressNotifyIntervalMs: number;
}): UntypedServiceImplementation {
  return {
    Watch(call: WatchCall) {
      const { store, hub } = context.database;
      const stream = new WatchStream(store, hub, outletOf(call));
      const stopNotifying = every(context.clock, context.progressNotifyIntervalMs, () => stream.notifyProgress());
      call.on('data', (request: WatchRequest) => receive(stream, request));
      call.on('drain', () => stream.resume());
      // A client that has ended its side goes on hearing of changes; only the end of the call ends the watch.
      call.on('close', () => {
        stopNotifying();
        stream.close();
      });
    },
  };
}

function receive(stream: WatchStream, { createRequest, cancelRequest, progressRequest }: WatchRequest): void {
  if (createRequest) stream.create(createRequest.watchId, optionsOf(createRequest));
  else if (cancelRequest) stream.cancel(cancelRequest.watchId);
  else if (progressRequest) stream.requestProgress();
}

function optionsOf(request: WatchCreateRequest): WatchOptions {
  const { prevKv, progressNotify, fragment } = request;
  return {
    range: keyRange(request.key.length === 0 ? anyKey : request.key, request.rangeEnd),
    startRevision: Number(request.startRevision),
    without: new Set(request.filters.map((filter) => (filter === 'Noput' ? 'Put' : 'Delete'))),
    prevKv,
    progressNotify,
    fragment,
  };
}

function outletOf(call: WatchCall): Outlet {
  return {
    get full() {
      return call.writableLength >= maxWaiting;
    },
    send({ revision, ...reply }) {
      call.write({ header: header(revision), ...reply });
    },
  };
}
