import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

import { Channel, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';

/**
 * A channel of which nothing goes on once it is closed.
 *
 * grpc-js 1.14.7 makes one more attempt to connect after a channel was closed that could not: its timer for the next attempt is not
 * stopped. When that attempt succeeds nobody ever closes the connection, and when it fails it was one too many. An etcd that is
 * away would see twice the attempts that we make, and would have connections without a use from each of its clients when it is back.
 * And an attempt that is under way goes on: where packets vanish, it keeps the process from ending for two minutes.
 *
 * Before each attempt gRPC asks the credentials whether they are ready, and tells them when they are no longer needed: that is where
 * both are ended.
 */
export function closableChannel(address: string, credentials: ChannelCredentials, options: ChannelOptions): Channel {
  return new Channel(address, closable(credentials), options);
}

/* oxlint-disable no-underscore-dangle -- gRPC's own name for it. */
function closable(credentials: ChannelCredentials): ChannelCredentials {
  const wrapped: ChannelCredentials = Object.create(credentials);
  wrapped._createSecureConnector = (...given) => {
    const connector = credentials._createSecureConnector(...given);
    let attempt: Attempt | undefined;
    let needed = true;
    return {
      connect: async (socket) => connector.connect(socket),
      getCallCredentials: () => connector.getCallCredentials(),
      waitForReady: () => {
        if (!needed) return Promise.reject(new Error('The channel is closed'));
        attempt = beginAttempt();
        return connector.waitForReady();
      },
      destroy: () => {
        needed = false;
        connector.destroy();
        attempt?.socket?.destroy();
      },
    };
  };
  return wrapped;
}

/** An attempt of gRPC to connect. */
interface Attempt {
  /** For as long as it connects. */
  socket: Socket | undefined;
  /** Whether its socket has been made: others, that whoever hears of our events makes, are none of ours. */
  isMade: boolean;
}

const current = new AsyncLocalStorage<Attempt>();
let listens = false;

/** What gRPC does right after this, in what follows from the call that runs now, is to make a socket. */
function beginAttempt(): Attempt {
  if (!listens) subscribe('net.client.socket', (message) => made(Object(message).socket));
  listens = true;
  const attempt: Attempt = { socket: undefined, isMade: false };
  current.enterWith(attempt);
  return attempt;
}

function made(socket: Socket): void {
  const attempt = current.getStore();
  if (attempt === undefined || attempt.isMade) return;
  attempt.isMade = true;
  attempt.socket = socket;
  socket.once('connect', () => (attempt.socket = undefined));
}
