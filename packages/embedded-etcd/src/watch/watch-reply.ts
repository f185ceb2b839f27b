import type { KeyValue } from '../store/key-value.ts';

/** A change as a watcher sees it. A deletion carries no more than the key and its revision. */
export interface WatchEvent {
  readonly type: 'Put' | 'Delete';
  readonly kv: Partial<KeyValue>;
  readonly prevKv: KeyValue | undefined;
}

/** One answer on a watch stream; what it leaves out is false, empty or zero. */
export interface WatchReply {
  /** Revision for the header. */
  readonly revision: number;
  readonly watchId: string;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly cancelReason?: string;
  /** The oldest revision that can still be watched, when the watcher wanted an older one. */
  readonly compactRevision?: number;
  /** More of the same revision follows in the next answer. */
  readonly fragment?: boolean;
  readonly events?: readonly WatchEvent[];
}
