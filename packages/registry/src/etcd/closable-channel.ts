import { Channel, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';

/**
 * A channel of which nothing goes on once it is closed.
 *
 * grpc-js 1.14.7 makes one more attempt to connect after a channel was closed that could not: its timer for the next attempt is not
 * stopped. When that attempt succeeds nobody ever closes the connection, and when it fails it was one too many. An etcd that is
 * away would see twice the attempts that we make, and would have connections without a use from each of its clients when it is back.
 * Before each attempt gRPC asks the credentials whether they are ready, and tells them when they are no longer needed: that is where
 * the attempt is ended.
 */
export function closableChannel(address: string, credentials: ChannelCredentials, options: ChannelOptions): Channel {
  return new Channel(address, closable(credentials), options);
}

/* oxlint-disable no-underscore-dangle -- gRPC's own name for it. */
function closable(credentials: ChannelCredentials): ChannelCredentials {
  const wrapped: ChannelCredentials = Object.create(credentials);
  wrapped._createSecureConnector = (...given) => {
    const connector = credentials._createSecureConnector(...given);
    let needed = true;
    return {
      connect: async (socket) => connector.connect(socket),
      getCallCredentials: () => connector.getCallCredentials(),
      waitForReady: async () => {
        if (!needed) throw new Error('The channel is closed');
        await connector.waitForReady();
      },
      destroy: () => {
        needed = false;
        connector.destroy();
      },
    };
  };
  return wrapped;
}
