/**
 * What happens in here, for whoever wants to log or count it. Libraries do not log: they publish, and the application decides.
 *
 * `channels.update.subscribe((message) => …)`, or `diagnostics_channel.subscribe('lb:registry:update', …)`. Publishing to nobody
 * costs nothing.
 */
import { type Channel, type Endpoint, type Snapshot, typedChannel } from '@lb/core';
import { channel } from 'node:diagnostics_channel';

import type { EpochEndReason } from './discovery/epoch-end.ts';
import type { InvalidValueError } from './errors.ts';
import type { RegistrationState } from './registration/state.ts';

/** What a discovery follows: the endpoints of its service, and what operators have set for them. */
export type Subject = 'endpoints' | 'overrides';

/** Of `channels.update`. */
export interface UpdateMessage {
  readonly service: string;
  readonly snapshot: Snapshot;
}

/** Of `channels.lost`. */
export interface LostMessage {
  readonly service: string;
  readonly subject: Subject;
  readonly reason: EpochEndReason;
  readonly error: Error | undefined;
  /** Attempts to list again since the view was last current, from 1. */
  readonly attempt: number;
}

/** Of `channels.recovered`. */
export interface RecoveredMessage {
  readonly service: string;
  readonly subject: Subject;
  /** How long the view was not known to be current, in milliseconds. */
  readonly afterMs: number;
}

/** Of `channels.repaired`. */
export interface RepairedMessage {
  readonly service: string;
  readonly subject: Subject;
  /** Keys that the view was wrong about without a sign of it, before it was listed again. */
  readonly keys: number;
}

/** Of `channels.invalid`. */
export interface InvalidMessage {
  readonly service: string;
  readonly subject: Subject;
  /** The key, with everything but printable ASCII escaped; or the path of the snapshot file. */
  readonly key: string;
  readonly error: InvalidValueError;
}

/** Of `channels.file`. */
export interface FileMessage {
  readonly service: string;
  readonly path: string;
  /** `loaded`: its endpoints are in use, unconfirmed. `failed`: it could not be read or written. */
  readonly kind: 'loaded' | 'failed';
  readonly error: Error | undefined;
}

/** Of `channels.registration`. */
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
  /** A view is no longer known to be current. What it holds stays in use. */
  readonly lost: Channel<LostMessage>;
  /** A view is current again. */
  readonly recovered: Channel<RecoveredMessage>;
  /** A view was silently wrong, and has been put right. Never expected: something between etcd and here loses events. */
  readonly repaired: Channel<RepairedMessage>;
  /** A value was skipped. */
  readonly invalid: Channel<InvalidMessage>;
  /** Something happened to the snapshot file. */
  readonly file: Channel<FileMessage>;
  /** A registration changed state. */
  readonly registration: Channel<RegistrationMessage>;
}

/** Every channel of this package, to subscribe to. */
export const channels: RegistryChannels = {
  update: typedChannel('lb:registry:update', channel),
  lost: typedChannel('lb:registry:lost', channel),
  recovered: typedChannel('lb:registry:recovered', channel),
  repaired: typedChannel('lb:registry:repaired', channel),
  invalid: typedChannel('lb:registry:invalid', channel),
  file: typedChannel('lb:registry:file', channel),
  registration: typedChannel('lb:registry:registration', channel),
};

/** `text` cut to 200 characters, and safe to print: a key can hold newlines, terminal escapes and worse. */
export function printable(text: string): string {
  return JSON.stringify(text.slice(0, 200))
    .slice(1, -1)
    .replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
