import type { Snapshot } from '@lb/core';

import type { ConsumerState } from '../consumer-state.ts';
import { Live } from '../terminal/live.ts';
import { type Line, styled, type Terminal } from '../terminal/terminal.ts';
import type { Sink } from '../world.ts';
import { figures, rowsOf, rowTable, troubles } from './rows.ts';
import type { View } from './view.ts';

interface Service {
  readonly snapshot: Snapshot | undefined;
  /** Why it may be out of date. */
  readonly stale: string | undefined;
}

/** For people at a terminal: a table of each service that changes in place. */
export class LiveView implements View {
  readonly #live: Live;
  readonly #services = new Map<string, Service>();
  #traffic: ConsumerState | undefined;
  #noTraffic: string | undefined;

  constructor(sink: Sink, terminal: Terminal) {
    this.#live = new Live(sink, terminal);
  }

  snapshot(service: string, snapshot: Snapshot): void {
    this.#set(service, { snapshot });
    this.tick();
  }

  lost(service: string, stale: string): void {
    this.#set(service, { stale });
    this.tick();
  }

  recovered(service: string): void {
    this.#set(service, { stale: undefined });
    this.tick();
  }

  traffic(state: ConsumerState): void {
    this.#traffic = state;
    this.#noTraffic = undefined;
    if (!this.#services.has(state.service)) this.#set(state.service, {});
  }

  noTraffic(why: string): void {
    this.#traffic = undefined;
    this.#noTraffic = why;
  }

  tick(): void {
    this.#live.show(this.#lines());
  }

  end(): void {
    this.#live.end();
  }

  #set(name: string, change: Partial<Service>): void {
    const before = this.#services.get(name) ?? { snapshot: undefined, stale: undefined };
    this.#services.set(name, { ...before, ...change });
  }

  #lines(): Line[] {
    const lines: Line[] = [];
    if (this.#noTraffic !== undefined) lines.push([styled('red', this.#noTraffic)]);
    const names = [...this.#services.keys()].toSorted();
    if (names.length === 0) lines.push(['No service is registered.']);
    for (const [index, name] of names.entries()) {
      const service = this.#services.get(name);
      if (service === undefined) continue;
      if (index > 0) lines.push([]);
      lines.push(...this.#section(name, service));
    }
    return lines;
  }

  #section(name: string, { snapshot, stale }: Service): Line[] {
    const state = this.#traffic?.service === name ? this.#traffic : undefined;
    const { endpoints = [], revision } = snapshot ?? {};
    const facts = [
      ...(revision === undefined ? [] : [`revision ${revision}`]),
      ...(state === undefined ? [] : figures(state)),
    ];
    const warnings = [
      ...(stale === undefined ? [] : [`The registry cannot be followed (${stale}); what is known stays.`]),
      ...(state === undefined ? [] : troubles(state)),
    ];
    return [
      [styled('bold', name), `  ${facts.join(', ')}`],
      ...warnings.map((warning) => [styled('red', warning)]),
      ...rowTable(rowsOf(endpoints, state), state !== undefined),
    ];
  }
}
