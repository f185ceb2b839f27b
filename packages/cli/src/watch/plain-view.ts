import type { Endpoint, Snapshot } from '@lb/core';

import type { ConsumerState } from '../consumer-state.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { changes } from './changes.ts';
import { trafficLine } from './rows.ts';
import type { View } from './view.ts';

/** For logs and pipes: a line for each change, and one for the traffic whenever it was asked for. */
export class PlainView implements View {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #known = new Map<string, readonly Endpoint[]>();

  constructor(terminal: Terminal, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
  }

  snapshot(service: string, { endpoints }: Snapshot): void {
    const before = this.#known.get(service);
    this.#known.set(service, endpoints);
    if (before === undefined && endpoints.length === 0) this.#say(service, 'no endpoint is registered');
    for (const change of changes(before ?? [], endpoints)) this.#say(service, change);
  }

  lost(service: string, why: string): void {
    this.#say(service, `the registry cannot be followed (${why}); what is known stays`);
  }

  recovered(service: string): void {
    this.#say(service, 'the registry is followed again');
  }

  traffic(state: ConsumerState): void {
    this.#say(state.service, trafficLine(state));
  }

  noTraffic(why: string): void {
    this.#say('consumer', why);
  }

  tick(): void {}

  end(): void {}

  #say(about: string, what: string): void {
    this.#terminal.line(`${new Date(this.#now()).toISOString().slice(0, 19)}Z ${about} ${what}`);
  }
}
