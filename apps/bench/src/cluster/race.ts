/** Runs subjects through scenarios, one run after the other, and collects their figures. */
import { setTimeout as after } from 'node:timers/promises';

import { Child } from '../child.ts';
import type { Target } from '../sender.ts';
import type { ClientAnswer, RunFigures, RunOrder } from './protocol.ts';
import { ProviderProcess } from './provider-process.ts';
import { ProxyProcess } from '../proxies.ts';
import {
  deadlineMs,
  type Event,
  meanWorkMs,
  queuePerSlot,
  type Scenario,
  slots,
  type Stage,
  weights,
} from './scenarios.ts';
import type { Subject } from './subjects.ts';

export interface RaceOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Makes every run so much shorter or longer. */
  readonly scale: number;
  readonly onRun: (progress: string) => void;
}

export interface Run extends RunFigures {
  /** How much later than planned 99 % of all work ended at most, at the provider where it was worst, in milliseconds. */
  readonly workLateMs: number;
  /** Requests that came to providers for each that arrived; those to a provider that was killed are forgotten with it. */
  readonly attempts: number;
}

/** The runs of one subject in one scenario, a round each. */
export interface Entry {
  readonly scenario: Scenario;
  readonly subject: Subject;
  readonly runs: readonly Run[];
}

/** A run in which 1 % of all requests were sent, or done, later than this was not a race: the machine was busy with something else. */
const lateLimitMs = 10;
/** How often such a run may be repeated, and how many of all runs: a machine that is always busy should not take all day. */
const repeatsOfARun = 2;
const repeatedShare = 0.1;

const script = new URL('client.ts', import.meta.url);

/** The part of a run that does not count: connections are opened, weights that nobody told are learned. */
const warmUp = 0.2;
const allSlots = slots.reduce((sum, count) => sum + count, 0);

export async function race(scenarios: readonly Scenario[], options: RaceOptions): Promise<Entry[]> {
  const field = await Field.start();
  try {
    return await runAll(field, scenarios, options);
  } finally {
    await field[Symbol.asyncDispose]();
  }
}

async function runAll(
  field: Field,
  scenarios: readonly Scenario[],
  { rounds, seed, scale, onRun }: RaceOptions,
): Promise<Entry[]> {
  const entries = scenarios.flatMap((scenario) =>
    scenario.subjects.map((subject) => ({ scenario, subject, runs: [] as Run[] })),
  );
  let repeatsLeft = Math.floor(rounds * entries.length * repeatedShare);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, scenario] of scenarios.entries()) {
      const mine = entries.filter((entry) => entry.scenario === scenario);
      for (const { subject, runs } of rotated(mine, round)) {
        onRun(`round ${round + 1} of ${rounds}: ${scenario.name}, ${subject.name}`);
        const draw = (seed * 1000 + round) * 100 + index;
        let run = await field.run(subject, scenario, draw, scale);
        for (let left = repeatsOfARun; left > 0 && repeatsLeft > 0 && lateness(run) > lateLimitMs; left -= 1) {
          repeatsLeft -= 1;
          const again = await field.run(subject, scenario, draw, scale);
          if (lateness(again) < lateness(run)) run = again;
        }
        runs.push(run);
      }
    }
  }
  return entries;
}

/** Decides which of the same runs counts, so it looks at nothing else that came out. */
function lateness({ lateMs, workLateMs }: Run): number {
  return Math.max(lateMs, workLateMs);
}

/** Everybody is first once, so that nobody always follows the same one. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/** All processes of a race. */
class Field implements Stage, AsyncDisposable {
  readonly #providers: readonly ProviderProcess[];
  readonly #queue: ProviderProcess;
  /** One for each subject, kept for all its runs: its code is warm from the second on, as in a service that is up. */
  readonly #clients = new Map<Subject, Child<RunOrder, ClientAnswer>>();

  private constructor(providers: readonly ProviderProcess[], queue: ProviderProcess) {
    this.#providers = providers;
    this.#queue = queue;
  }

  static async start(): Promise<Field> {
    const providers = await Promise.all(slots.map(() => ProviderProcess.start()));
    return new Field(providers, await ProviderProcess.start());
  }

  async run(subject: Subject, scenario: Scenario, seed: number, scale: number): Promise<Run> {
    await this.#reset();
    const told = scenario.weighted && subject.unweighted !== true;
    const targets = this.#providers.map((provider, index) => provider.target(told ? weights[index] : undefined));
    if (subject.proxy === undefined) {
      return this.#send(subject, scenario, subject.oneQueue ? [this.#queue.target()] : targets, seed, scale);
    }
    const proxy = await ProxyProcess.start(subject.proxy, targets);
    try {
      return await this.#send(subject, scenario, [proxy.target], seed, scale);
    } finally {
      await proxy[Symbol.asyncDispose]();
    }
  }

  async slow(provider: number, slowness: number): Promise<void> {
    await this.#provider(provider).tell({ kind: 'slow', group: 0, slowness });
    await this.#queue.tell({ kind: 'slow', group: provider, slowness });
  }

  fail(provider: number, failing: boolean): Promise<void> {
    return this.#provider(provider).tell({ kind: 'fail', failing });
  }

  kill(provider: number): Promise<void> {
    return this.#provider(provider).kill();
  }

  async restart(provider: number): Promise<void> {
    await this.#provider(provider).restart();
    await this.#resetProvider(provider);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const processes: AsyncDisposable[] = [...this.#clients.values(), ...this.#providers, this.#queue];
    await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
  }

  async #send(
    subject: Subject,
    { load, durationMs, events }: Scenario,
    targets: readonly Target[],
    seed: number,
    scale: number,
  ): Promise<Run> {
    const order = {
      way: subject.way,
      targets,
      seed,
      arrivalsPerSecond: (load * allSlots * 1000) / meanWorkMs,
      durationMs: durationMs * scale,
      warmUpMs: durationMs * scale * warmUp,
      meanWorkMs,
      deadlineMs,
    };
    const client = this.#client(subject);
    await client.ask(order);
    const [figures] = await Promise.all([client.next(), this.#play(events, order.durationMs)]);
    if (figures === 'begun') throw new Error(`The client of ${subject.name} began twice`);
    const reports = await Promise.all([...this.#providers, this.#queue].map((provider) => provider.report()));
    const arrived = reports.reduce((sum, { served, refused, failed }) => sum + served + refused + failed, 0);
    return {
      ...figures,
      workLateMs: Math.max(...reports.map(({ lateMs }) => lateMs)),
      attempts: arrived / figures.arrivals,
    };
  }

  async #play(events: readonly Event[], durationMs: number): Promise<void> {
    const start = performance.now();
    for (const { at, act } of events) {
      await after(Math.max(0, at * durationMs - (performance.now() - start)));
      await act(this);
    }
  }

  #client(subject: Subject): Child<RunOrder, ClientAnswer> {
    const known = this.#clients.get(subject);
    if (known !== undefined) return known;
    const client = new Child<RunOrder, ClientAnswer>(script);
    this.#clients.set(subject, client);
    return client;
  }

  async #reset(): Promise<void> {
    await Promise.all(slots.map((_, index) => this.#resetProvider(index)));
    const groups = slots.map((count) => ({ slots: count }));
    await this.#queue.tell({ kind: 'reset', groups, queueLimit: allSlots * queuePerSlot });
  }

  async #resetProvider(index: number): Promise<void> {
    const count = slots[index] ?? 0;
    await this.#provider(index).tell({ kind: 'reset', groups: [{ slots: count }], queueLimit: count * queuePerSlot });
  }

  #provider(index: number): ProviderProcess {
    const provider = this.#providers[index];
    if (provider === undefined) throw new RangeError(`There is no provider ${index}`);
    return provider;
  }
}
