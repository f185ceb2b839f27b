import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { EventLog } from './event-log.ts';
import { EventStream } from './event-stream.ts';
import type { ConsumerState } from './wire.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is in it does not matter here
const state = {} as ConsumerState;

/** A stream whose states take so many milliseconds to make; what its reader has got so far. */
function start(costMs: number) {
  const reader = new PassThrough();
  let now = 0;
  const log = new EventLog(() => 1000);
  const read = (): ConsumerState => {
    now += costMs;
    return state;
  };
  const stream = new EventStream(log, read, () => now);
  stream.add(reader, 0);
  const kinds = (): string[] => String(reader.read() ?? '').match(/(?<=event: )\w+/g) ?? [];
  const second = (): void => {
    now = Math.floor(now / 1000 + 1) * 1000;
    stream.sendState();
  };
  return { log, stream, kinds, second };
}

it('sends a state at once, and one each second', () => {
  const { kinds, second } = start(1);
  expect(kinds()).toEqual(['state']);
  second();
  second();
  expect(kinds()).toEqual(['state', 'state']);
});

it('sends states less often when they take long to make, and says between them that it is there', () => {
  const { kinds, second } = start(60);
  kinds();
  for (let count = 0; count < 7; count += 1) second();
  expect(kinds()).toEqual(['state', 'alive', 'alive', 'state', 'alive', 'alive', 'state']);
});

it('sends a reader that is slow no states until it has caught up, and cuts off one that takes nothing in', async () => {
  const heard: string[] = [];
  let takes = false;
  let release = (): void => {};
  const slow = new Writable({
    highWaterMark: 1,
    write: (chunk, _encoding, done) => {
      heard.push(String(chunk));
      if (takes) done();
      else release = done;
    },
  });
  const log = new EventLog(() => 1000);
  const stream = new EventStream(
    log,
    () => state,
    () => 0,
  );
  stream.add(slow, 0);
  stream.sendState();
  log.add({ kind: 'left', text: 'a left' });
  takes = true;
  release();
  await setImmediate();
  expect(heard.map((text) => /event: (\w+)/.exec(text)?.[1])).toEqual([undefined, 'state', 'log']);

  takes = false;
  for (let count = 0; count < 4; count += 1) log.add({ kind: 'left', text: 'x'.repeat(2 ** 20) });
  expect(slow.destroyed).toBe(false);
  log.add({ kind: 'left', text: 'the last straw' });
  expect(slow.destroyed).toBe(true);
  stream.close();
});

it('ends what it sends when it closes, and forgets whoever went away', () => {
  const gone = new PassThrough();
  const { stream, second } = start(1);
  stream.add(gone, 0);
  gone.destroy();
  const stays = new PassThrough();
  stream.add(stays, 0);
  second();
  stream.close();
  expect(stays.writableEnded).toBe(true);
});
