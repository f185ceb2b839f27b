import type { Snapshot } from '@lb/core';

import type { ConsumerState } from '../consumer-state.ts';

/** What `lb watch` shows things with. */
export interface View {
  snapshot(service: string, snapshot: Snapshot): void;
  lost(service: string, why: string): void;
  recovered(service: string): void;
  traffic(state: ConsumerState): void;
  /** The consumer could not be asked. */
  noTraffic(why: string): void;
  /** Time has passed. */
  tick(): void;
  end(): void;
}
