import fc from 'fast-check';

import type { Site } from './site.ts';
import type { Value } from './truth.ts';
import type { CutOff, World } from './world.ts';

/** What is wrong at the moment, and what there is: all that decides which commands make sense. */
export interface Model {
  frozen: boolean;
  crashed: boolean;
  leaderless: boolean;
  denied: boolean;
  /** Where packets are lost. */
  hole: 'up' | 'down' | 'both' | undefined;
  delayMs: number;
  /** Keys put under leases. */
  readonly leased: Set<string>;
}

/** Nothing is wrong. */
const noFaults: Omit<Model, 'leased'> = {
  frozen: false,
  crashed: false,
  leaderless: false,
  denied: false,
  hole: undefined,
  delayMs: 0,
};

export const newModel = (): Model => ({ ...noFaults, leased: new Set() });

type Command = fc.AsyncCommand<Model, World>;

/** A store that answers the operator. */
const works = ({ frozen, crashed, leaderless }: Model): boolean => !frozen && !crashed && !leaderless;
/** A process that can be killed. */
const runs = ({ frozen, crashed }: Model): boolean => !frozen && !crashed;

function cutOff({ frozen, crashed, leaderless, hole, delayMs }: Model): CutOff | undefined {
  if (!frozen && !crashed && !leaderless && hole === undefined) return undefined;
  return { lateMs: hole === 'down' || hole === 'both' ? undefined : delayMs };
}

function command(
  title: string,
  check: (model: Model) => boolean,
  run: (model: Model, world: World) => unknown,
): Command {
  return {
    check,
    run: async (model, world) => {
      await run(model, world);
      await world.check(cutOff(model));
    },
    toString: () => title,
  };
}

const ids = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const id = fc.constantFrom(...ids);

/** Few addresses, so that some are claimed twice. */
const good: fc.Arbitrary<Value> = fc
  .record({
    port: fc.integer({ min: 1, max: 8 }),
    weight: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    state: fc.constantFrom('serving', 'serving', 'draining'),
  })
  .map(({ port, weight, state }) => ({
    text: JSON.stringify({ Op: 0, Addr: `10.0.0.1:${port}`, lb: { v: 1, weight, state } }),
    endpoint: { origin: `http://10.0.0.1:${port}`, weight, state },
  }));

const bad: fc.Arbitrary<Value> = fc
  .constantFrom(
    '',
    'garbage',
    'null',
    '{"Op":0}',
    '{"Addr":"169.254.169.254:80"}',
    '{"Addr":"10.0.0.1:80","lb":{"metadata":{"__proto__":{}}}}',
    '{"Addr":"10.0.0.1:80","lb":{"weight":-1}}',
    `{"Addr":"10.0.0.1:80","x":"${'x'.repeat(5000)}"}`,
  )
  .map((text) => ({ text, endpoint: undefined }));

const huge: Value = { text: 'x'.repeat(1_000_000), endpoint: undefined };

/** All that may happen on `site`. */
export function commands(
  site: Pick<Site, 'rewind' | 'noLeader' | 'denyWatch'>,
  replayPath: string | undefined,
): fc.Arbitrary<Iterable<Command>> {
  const writes: fc.Arbitrary<Command>[] = [
    fc.tuple(id, good).map(([key, value]) =>
      command(`put ${key} ${value.text}`, works, async (model, world) => {
        await world.put(key, value);
        model.leased.delete(key);
      }),
    ),
    fc.tuple(id, good).map(([key, value]) =>
      command(`put ${key} ${value.text} under a lease`, works, async (model, world) => {
        await world.put(key, value, true);
        model.leased.add(key);
      }),
    ),
    fc.tuple(id, bad).map(([key, value]) =>
      command(`put ${key} with a bad value: ${value.text.slice(0, 50)}`, works, async (model, world) => {
        await world.put(key, value);
        model.leased.delete(key);
      }),
    ),
    id.map((key) => command(`delete ${key}`, works, (_model, world) => world.remove(key))),
    id.map((key) =>
      command(
        `expire ${key}`,
        (model) => works(model) && model.leased.has(key),
        async (model, world) => {
          await world.expire(key);
          model.leased.delete(key);
        },
      ),
    ),
    fc.constant(
      command('expire all', works, async (model, world) => {
        for (const key of model.leased) await world.expire(key);
        model.leased.clear();
      }),
    ),
  ];
  const rareWrites: fc.Arbitrary<Command>[] = [
    id.map((key) => command(`put ${key} with a megabyte`, works, (_model, world) => world.put(key, huge))),
    fc.constant(command('compact', works, (_model, world) => world.compact())),
    fc
      .tuple(
        fc.constantFrom(...ids, '*'),
        fc.constantFrom({ weight: 0 }, { weight: 7 }, { state: 'draining' } as const, { maxConcurrency: 3 }),
      )
      .map(([target, change]) =>
        command(`override ${target} by ${JSON.stringify(change)}`, works, (_model, world) =>
          world.setOverride(target, change),
        ),
      ),
    fc.constant(command('clear overrides', works, (_model, world) => world.clearOverrides())),
    fc.nat(9).map((weight) =>
      command(
        `the registration wants weight ${weight}`,
        () => true,
        (_model, world) => world.changeWeight(weight),
      ),
    ),
    fc.constant(command('the lease of the registration is revoked', works, (_model, world) => world.revokeLease())),
    fc.constant(command('the key of the registration is deleted', works, (_model, world) => world.deleteOwnKey())),
  ];
  const faults: fc.Arbitrary<Command>[] = [
    fc.constant(
      command(
        'cut',
        () => true,
        (_model, world) => world.site.proxy.cut(),
      ),
    ),
    fc.constant(
      command(
        'reset',
        () => true,
        (_model, world) => world.site.proxy.reset(),
      ),
    ),
    fc.constantFrom('up', 'down', 'both').map((way) =>
      command(
        `lose packets (${way})`,
        () => true,
        (model, world) => {
          // What is lost already stays lost.
          model.hole = model.hole === undefined || model.hole === way ? way : 'both';
          if (way === 'up' || way === 'down') world.site.proxy.hole(way);
          else world.site.proxy.hole();
        },
      ),
    ),
    fc.constant(
      command(
        'heal the network',
        () => true,
        (model, world) => {
          model.hole = undefined;
          model.delayMs = 0;
          world.site.proxy.heal();
        },
      ),
    ),
    fc.integer({ min: 1, max: 3000 }).map((ms) =>
      command(
        `delay ${ms}`,
        () => true,
        (model, world) => {
          model.delayMs = ms;
          world.site.proxy.delay(ms);
        },
      ),
    ),
    fc.constant(
      command('freeze', runs, async (model, world) => {
        model.frozen = true;
        await world.site.freeze();
      }),
    ),
    fc.constant(
      command(
        'thaw',
        ({ frozen }) => frozen,
        (model, world) => {
          model.frozen = false;
          world.site.thaw();
        },
      ),
    ),
    fc.constant(
      command('crash', runs, async (model, world) => {
        model.crashed = true;
        await world.site.crash();
      }),
    ),
    fc.constant(
      command(
        'restart',
        ({ crashed }) => crashed,
        async (model, world) => {
          // It is started with a leader.
          model.crashed = model.leaderless = false;
          await world.restart();
        },
      ),
    ),
    fc.constant(
      command('wipe', works, async (model, world) => {
        await world.wipe();
        model.leased.clear();
      }),
    ),
    fc.constant(
      command(
        'another discovery',
        () => true,
        (_model, world) => world.reopen(),
      ),
    ),
  ];
  if (site.rewind !== undefined) {
    faults.push(
      fc.double({ min: 0.2, max: 1, noNaN: true }).map((share) =>
        command(`rewind to ${share.toFixed(2)}`, works, async (model, world) => {
          await world.rewind(share);
          model.leased.clear();
        }),
      ),
    );
  }
  if (site.noLeader !== undefined) {
    faults.push(
      fc.boolean().map((on) =>
        command(on ? 'lose the leader' : 'elect a leader', runs, (model, world) => {
          model.leaderless = on;
          world.site.noLeader?.(on);
        }),
      ),
    );
  }
  if (site.denyWatch !== undefined) {
    faults.push(
      fc.boolean().map((on) =>
        command(on ? 'deny watches' : 'allow watches', runs, (model, world) => {
          model.denied = on;
          world.denyWatch(on);
        }),
      ),
    );
  }
  const time: fc.Arbitrary<Command>[] = [
    fc.integer({ min: 1, max: 12_000 }).map((ms) =>
      command(
        `${ms} ms pass`,
        () => true,
        (_model, world) => world.site.pass(ms),
      ),
    ),
    fc.integer({ min: 1, max: 200 }).map((ms) =>
      command(
        `${ms} ms pass`,
        () => true,
        (_model, world) => world.site.pass(ms),
      ),
    ),
  ];
  const quiet = fc.constant(
    command(
      'all faults end',
      () => true,
      (model, world) => endFaults(model, world),
    ),
  );
  return fc.commands([...writes, ...writes, ...writes, ...rareWrites, ...faults, ...time, ...time, ...time, quiet], {
    maxCommands: 50,
    size: 'max',
    ...(replayPath !== undefined && { replayPath }),
  });
}

/** Ends whatever is wrong, and waits until everything is right. */
export async function endFaults(model: Model, world: World): Promise<void> {
  const { site } = world;
  if (model.frozen) site.thaw();
  if (model.crashed) await world.restart();
  if (model.leaderless) site.noLeader?.(false);
  if (model.denied) world.denyWatch(false);
  Object.assign(model, noFaults);
  site.proxy.heal();
  await world.converge();
}
