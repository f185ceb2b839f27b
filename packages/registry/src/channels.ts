/**
 * What happens in here, for whoever wants to log or count it. Libraries do not log: they publish, and the application decides.
 *
 * `channels.update.subscribe((message) => …)`, or `diagnostics_channel.subscribe('lb:registry:update', …)`. Publishing to nobody
 * costs nothing.
 */
import { type Channel, type Endpoint, type Snapshot, typedChannel } from '@lb/core';
import { channel } from 'node:diagnostics_channel';

import type { EpochEndReason } from './epoch.ts';
import type { InvalidValueError } from './errors.ts';
import type { RegistrationState } from './registration.ts';

export interface UpdateMessage {
  readonly service: string;
  readonly snapshot: Snapshot;
}

export interface LostMessage {
  readonly service: string;
  readonly reason: EpochEndReason;
  readonly error: Error | undefined;
  /** Attempts to list again since the view was last current, from 1. */
  readonly attempt: number;
}

export interface RecoveredMessage {
  readonly service: string;
  /** How long the view was not known to be current, in milliseconds. */
  readonly afterMs: number;
}

export interface InvalidMessage {
  readonly service: string;
  /** The key, with everything but printable ASCII escaped. */
  readonly key: string;
  readonly error: InvalidValueError;
}

export interface RegistrationMessage {
  readonly service: string;
  /** As it should stand in etcd. */
  readonly endpoint: Endpoint;
  readonly state: RegistrationState;
}

/** What happens in this package, one channel a kind. */
export interface RegistryChannels {
  /** A new snapshot. */
  readonly update: Channel<UpdateMessage>;
  /** The view is no longer known to be current. The last snapshot stays in use. */
  readonly lost: Channel<LostMessage>;
  /** The view is current again. */
  readonly recovered: Channel<RecoveredMessage>;
  /** A value was skipped. */
  readonly invalid: Channel<InvalidMessage>;
  /** A registration changed state. */
  readonly registration: Channel<RegistrationMessage>;
}

export const channels: RegistryChannels = {
  update: typedChannel('lb:registry:update', channel),
  lost: typedChannel('lb:registry:lost', channel),
  recovered: typedChannel('lb:registry:recovered', channel),
  invalid: typedChannel('lb:registry:invalid', channel),
  registration: typedChannel('lb:registry:registration', channel),
};

/** `text` cut to 200 characters, and safe to print: a key can hold newlines, terminal escapes and worse. */
export function printable(text: string): string {
  return JSON.stringify(text.slice(0, 200))
    .slice(1, -1)
    .replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
