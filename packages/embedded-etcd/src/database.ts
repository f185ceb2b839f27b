import type { Clock } from './clock.ts';
import { Lessor } from './lease/lessor.ts';
import { Store } from './store/store.ts';
import { WatchHub } from './watch/watch-hub.ts';

/** All that is lost when the data directory of an etcd is. */
export class Database {
  readonly store: Store = new Store();
  readonly hub: WatchHub = new WatchHub();
  readonly lessor: Lessor;

  constructor(clock: Clock) {
    this.lessor = new Lessor(this.store, clock);
    this.store.onCommit((revision, changes) => this.hub.publish(revision, changes));
  }

  /** Stops its timers. */
  close(): void {
    this.lessor.stop();
  }
}
