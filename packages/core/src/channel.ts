/**
 * A channel of `node:diagnostics_channel` whose messages are known to be of one type. The packages around this one publish on such
 * channels what happens in them: libraries do not log.
 */
export interface Channel<Message> {
  /** What `diagnostics_channel.subscribe` takes, too. */
  readonly name: string;
  /** Whether anybody listens: ask before making a message that is not free. */
  readonly hasSubscribers: boolean;
  /** Calls every subscriber, at once. */
  publish(message: Message): void;
  /**
   * Calls `listener` with each message, inside whatever publishes; what it throws becomes an uncaught exception. Returns what ends it.
   */
  subscribe(listener: (message: Message) => void): () => void;
}

/** What this needs of the channels of `node:diagnostics_channel`, which this package does not import. */
interface UntypedChannel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
  subscribe(listener: (message: unknown, name: string | symbol) => void): void;
  unsubscribe(listener: (message: unknown, name: string | symbol) => void): void;
}

/** Gives the channel `name` a type: `typedChannel<UpdateMessage>('lb:update', diagnostics_channel.channel)`. */
export function typedChannel<Message>(name: string, open: (name: string) => UntypedChannel): Channel<Message> {
  const inner = open(name);
  return {
    name,
    get hasSubscribers() {
      return inner.hasSubscribers;
    },
    publish: (message) => inner.publish(message),
    subscribe: (listener) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a channel carries what its one owner publishes
      const heard = (message: unknown): void => listener(message as Message);
      inner.subscribe(heard);
      return () => inner.unsubscribe(heard);
    },
  };
}
