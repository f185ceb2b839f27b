import type { Snapshot } from '@lb/core';

import type { ConsumerState } from '../consumer-state.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { View } from './view.ts';

/** For programs: an object a line, each with its `kind` and its time. */
export class JsonView implements View {
  readonly #terminal: Terminal;
  readonly #now: () => number;

  constructor(terminal: Terminal, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
  }

  snapshot(service: string, { revision, endpoints }: Snapshot): void {
    this.#write('snapshot', { service, revision, endpoints });
  }

  lost(service: string, why: string): void {
    this.#write('lost', { service, why });
  }

  recovered(service: string): void {
    this.#write('recovered', { service });
  }

  traffic(state: ConsumerState): void {
    this.#write('traffic', state);
  }

  noTraffic(why: string): void {
    this.#write('no-traffic', { why });
  }

  tick(): void {}

  end(): void {}

  #write(kind: string, fields: object): void {
    this.#terminal.json({ at: new Date(this.#now()).toISOString(), kind, ...fields });
  }
}
