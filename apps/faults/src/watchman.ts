/**
 * One process's view of a registry under a fault, held against what the registry really holds: how soon the two are the same again,
 * and whether anything was lost on the way.
 *
 * There are endpoints that stand all the time, and others that a writer changes and deletes for as long as etcd lets it.
 */
import { channels, discover, type EtcdDiscovery, register, type Registration } from '@lb/registry';
import { type FaultProxy, type RealEtcd, startFaultProxy, startRealEtcd } from '@lb/testkit';
import { setTimeout as after } from 'node:timers/promises';

import { now } from './now.ts';
import { Operator } from './operator.ts';
import { type Finding, most, note, within } from './row.ts';
import { type Stage, ttlSeconds } from './stage.ts';

const service = 'watched';
const registered = 'registered';
const prefix = `lb/${service}/`;
const ownPrefix = `lb/${registered}/`;
const standing = 20;
const changing = 20;
const writeEveryMs = 20;
const lookEveryMs = 5;
/** Past this nothing comes by itself any more. */
const giveUpMs = 60_000;

interface WatchmanOptions {
  /** The members, as the etcd3 client takes them, with their ports. */
  readonly members: readonly { readonly hosts: string; readonly port: number }[];
}

/** How the fault went. */
interface Outcome {
  /** The moment from which nothing is wrong any more. */
  readonly healedAt: number;
  /** How soon the view must be right. */
  readonly viewMs: number;
  /** How soon the registration must be in etcd, for certain. Defaults to no bound, for faults that it does not meet. */
  readonly registeredMs?: number;
  /** Whether the endpoints that stand all the time are lost to etcd itself. */
  readonly wiped?: boolean;
}

export class Watchman implements AsyncDisposable {
  readonly operator: Operator;
  /** Between etcd and this process. */
  readonly proxies: readonly FaultProxy[];
  readonly discovery: EtcdDiscovery;
  readonly #stack = new AsyncDisposableStack();
  readonly #writing = new AbortController();
  #registration: Registration | undefined;
  #writes = 0;
  #dropped = 0;
  #lost = 0;
  readonly #ends = new Map<string, number>();
  #writer: Promise<void> = Promise.resolve();

  private constructor(operator: Operator, proxies: readonly FaultProxy[]) {
    this.operator = operator;
    this.proxies = proxies;
    this.discovery = discover({ hosts: proxies.map(({ hosts }) => hosts), service });
    this.#stack.use(this.discovery);
  }

  /** Follows, is registered, and writes. */
  static async start(stage: Stage, { members }: WatchmanOptions): Promise<Watchman> {
    const proxies = await Promise.all(members.map(({ port }) => startFaultProxy({ targetPort: port })));
    for (const proxy of proxies) stage.use(proxy);
    const watchman = stage.use(new Watchman(new Operator(members.map(({ hosts }) => hosts)), proxies));
    await watchman.#begin();
    return watchman;
  }

  /** Starts an etcd of one process, watches it, and lets some writes happen. */
  static async ofOneEtcd(stage: Stage): Promise<{ etcd: RealEtcd; watchman: Watchman }> {
    const etcd = stage.use(await startRealEtcd());
    const watchman = await Watchman.start(stage, { members: [etcd] });
    await after(500);
    return { etcd, watchman };
  }

  get registration(): Registration {
    if (this.#registration === undefined) throw new Error('It is not registered yet');
    return this.#registration;
  }

  /** Times that the registration was lost so far. */
  get losses(): number {
    return this.#lost;
  }

  /** Waits until the view says that it may be out of date, and returns how long that took. */
  async stale(from: number): Promise<number> {
    await until(() => this.discovery.status.stale !== false);
    return now() - from;
  }

  /** Ends the writes, waits until all is right again, and says how it went. */
  async findings({ healedAt, viewMs, registeredMs, wiped = false }: Outcome): Promise<Finding[]> {
    this.#writing.abort();
    await this.#writer;
    await this.operator.answered(giveUpMs);
    const { values } = await this.operator.read(prefix);
    let wrong = await this.#wrong(values);
    await until(async () => (wrong = await this.#wrong(values)) === 0);
    const viewTook = now() - healedAt;
    await until(async () => this.#isRegistered());
    const registeredTook = now() - healedAt;
    const { repairs, overrides } = this.discovery.status;
    return [
      within('view equal to etcd again', viewMs, Math.max(0, viewTook)),
      registeredMs === undefined
        ? note('registered again', registeredTook, 'ms')
        : within('registered again', registeredMs, Math.max(0, registeredTook)),
      most('events lost', 0, wrong + repairs + (overrides?.repairs ?? 0)),
      ...(wiped ? [] : [most('endpoints dropped that stood in etcd', 0, this.#dropped)]),
      note('writes', this.#writes),
      { ...note('epochs that ended', sum(this.#ends.values())), detail: inWords(this.#ends) },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#writing.abort();
    await this.#writer;
    await this.#stack.disposeAsync();
  }

  async #begin(): Promise<void> {
    for (let index = 0; index < standing; index += 1) await this.operator.put(`${prefix}s${index}`, valueOf(index, 1));
    this.#stack.defer(
      channels.update.subscribe((message) => {
        if (message.service !== service) return;
        const ids = new Set(message.snapshot.endpoints.map(({ id }) => id));
        for (let index = 0; index < standing; index += 1) if (!ids.has(`s${index}`)) this.#dropped += 1;
      }),
    );
    this.#stack.defer(
      channels.lost.subscribe((message) => {
        if (message.service !== service || message.subject !== 'endpoints') return;
        this.#ends.set(message.reason, (this.#ends.get(message.reason) ?? 0) + 1);
      }),
    );
    this.#stack.defer(
      channels.registration.subscribe((message) => {
        if (message.service === registered && message.state.kind === 'registering') this.#lost += 1;
      }),
    );
    await this.discovery.connect({ signal: AbortSignal.timeout(giveUpMs) });
    this.#registration = await register({
      hosts: this.proxies.map(({ hosts }) => hosts),
      service: registered,
      endpoint: { id: 'self', origin: 'http://127.0.0.1:1' },
      ttlSeconds,
      signal: AbortSignal.timeout(giveUpMs),
    });
    this.#stack.use(this.#registration);
    await until(() => this.discovery.status.stale === false);
    this.#writer = this.#write();
  }

  async #write(): Promise<void> {
    for (let round = 0; !this.#writing.signal.aborted; round += 1) {
      const index = standing + (round % changing);
      const key = `${prefix}c${index}`;
      // Every fifth write takes a key away, which comes back with a later round.
      const write = round % 5 === 4 ? this.operator.delete(key) : this.operator.put(key, valueOf(index, round));
      await write.then(
        () => (this.#writes += 1),
        // Whether it was written shows when etcd is read.
        () => undefined,
      );
      await after(writeEveryMs);
    }
  }

  /** Endpoints in which the view differs from what stands in etcd. */
  async #wrong(values: ReadonlyMap<string, string>): Promise<number> {
    const seen = new Map(this.discovery.current.endpoints.map(({ id, origin, weight }) => [id, `${origin} ${weight}`]));
    let wrong = Math.max(0, seen.size - values.size);
    for (const [key, value] of values) {
      const { Addr: address, lb } = JSON.parse(value);
      if (seen.get(key.slice(prefix.length)) !== `http://${address} ${lb.weight}`) wrong += 1;
    }
    return wrong;
  }

  async #isRegistered(): Promise<boolean> {
    if (this.registration.state.kind !== 'registered') return false;
    const { values } = await this.operator.read(ownPrefix).catch(() => ({ values: new Map<string, string>() }));
    return values.size === 1;
  }
}

async function until(seen: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + giveUpMs; !(await seen()) && performance.now() < deadline;) {
    await after(lookEveryMs);
  }
}

function valueOf(index: number, weight: number): string {
  return JSON.stringify({ Op: 0, Addr: `10.0.0.${index + 1}:80`, lb: { v: 1, weight } });
}

function inWords(counts: ReadonlyMap<string, number>): string {
  return Array.from(counts, ([kind, count]) => `${count} x ${kind}`).join(', ');
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
