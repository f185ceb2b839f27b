/** What happens in here, for whoever wants to log or count it. Libraries do not log: they publish, and the application decides. */
import { type Channel, type Outcome, type Peer, typedChannel } from '@lb/core';
import { channel } from 'node:diagnostics_channel';

export interface AttemptMessage {
  readonly service: string;
  readonly peer: Peer;
  readonly outcome: Outcome;
  /** From the pick to the end of the answer, in milliseconds. */
  readonly elapsedMs: number;
}

export interface DiscoveryFailedMessage {
  readonly service: string;
  readonly error: unknown;
}

/** What happens in this package, one channel a kind. */
export interface BalancerChannels {
  /** An attempt has ended. */
  readonly attempt: Channel<AttemptMessage>;
  /** The discovery gave up. The last snapshot stays in use. */
  readonly discoveryFailed: Channel<DiscoveryFailedMessage>;
}

export const channels: BalancerChannels = {
  attempt: typedChannel('lb:attempt', channel),
  discoveryFailed: typedChannel('lb:discovery:failed', channel),
};
