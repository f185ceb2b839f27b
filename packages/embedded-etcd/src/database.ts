import { Alarms } from './alarms.ts';
import { AuthStore } from './auth/auth-store.ts';
import { Tokens } from './auth/tokens.ts';
import type { Clock } from './clock.ts';
import { Lessor } from './lease/lessor.ts';
import { Store } from './store/store.ts';
import { WatchHub } from './watch/watch-hub.ts';

/** All that is lost when the data directory of an etcd is. */
export class Database {
  readonly store: Store = new Store();
  readonly hub: WatchHub = new WatchHub();
  readonly alarms: Alarms = new Alarms();
  readonly lessor: Lessor;
  readonly tokens: Tokens;
  readonly auth: AuthStore;

  constructor(clock: Clock, tokenTtlMs: number) {
    this.lessor = new Lessor(this.store, clock);
    this.tokens = new Tokens(clock, tokenTtlMs);
    this.auth = new AuthStore(this.tokens);
    this.store.onCommit((revision, changes) => this.hub.publish(revision, changes));
  }

  /** Forgets history below `revision`. */
  compact(revision: number): void {
    this.store.compact(revision);
    this.lessor.compact(revision);
  }

  /** Stops its timers. */
  close(): void {
    this.lessor.stop();
  }
}
