import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';

import { Recorder } from '../../test/support/fake-network.ts';
import { untyped } from '../../test/support/untyped.ts';
import { type AbortListener, Caller, type Controller } from './caller.ts';

const behind = (): Controller => ({
  aborted: false,
  paused: false,
  reason: null,
  rawHeaders: ['a'],
  rawTrailers: ['b'],
  abort: () => {},
  pause: () => {},
  resume: () => {},
});

it.each([
  ['an answer to its end', (caller: Caller) => caller.end({})],
  ['an error', (caller: Caller) => caller.fail(new Error('one'))],
  ['an upgrade', (caller: Caller) => caller.upgrade(behind(), 101, {}, untyped({}))],
])('says nothing more after %s', (_what, finish) => {
  const recorder = new Recorder();
  const aborts: Error[] = [];
  const caller = new Caller(recorder, { onAbort: (reason) => aborts.push(reason) });
  caller.begin({});
  finish(caller);
  const events = [...recorder.events];
  caller.inform(behind(), 103, {}, '');
  caller.answer(behind(), 200, {}, '');
  caller.data(Buffer.from('late'));
  caller.end({});
  caller.fail(new Error('two'));
  caller.upgrade(behind(), 101, {}, untyped({}));
  caller.abort(new Error('late'));
  expect([recorder.events, recorder.ends, aborts, caller.aborted]).toEqual([events, 1, [], false]);
});

it('lets the raw headers be read, and written, of the attempt that is passed on', () => {
  const caller = new Caller(new Recorder(), { onAbort: () => {} });
  expect([caller.rawHeaders, caller.rawTrailers]).toEqual([null, null]);
  caller.rawHeaders = ['nobody'];
  const attempt = behind();
  caller.answer(attempt, 200, {}, '');
  expect([caller.rawHeaders, caller.rawTrailers]).toEqual([['a'], ['b']]);
  // As undici's cache does.
  caller.rawHeaders = ['c'];
  caller.rawTrailers = ['d'];
  expect([attempt.rawHeaders, attempt.rawTrailers]).toEqual([['c'], ['d']]);
});

it.each([
  ['an answer to its end', (caller: Caller) => caller.end({})],
  ['an error', (caller: Caller) => caller.fail(new Error('one'))],
  ['an upgrade', (caller: Caller) => caller.upgrade(behind(), 101, {}, untyped({}))],
])('keeps neither handler, listener nor attempt after %s, though somebody keeps it', async (_what, finish) => {
  let handler: Recorder | undefined = new Recorder();
  let listener: AbortListener | undefined = { onAbort: () => {} };
  let attempt: Controller | undefined = behind();
  const caller = new Caller(handler, listener);
  const kept = [new WeakRef(handler), new WeakRef(listener), new WeakRef(attempt)];
  caller.begin({});
  caller.answer(attempt, 200, {}, '');
  finish(caller);
  handler = undefined;
  listener = undefined;
  attempt = undefined;
  // What a WeakRef was made of lives until the turn is over.
  await turn();
  collectGarbage();
  expect(kept.map((reference) => reference.deref())).toEqual([undefined, undefined, undefined]);
  expect(caller.rawHeaders).toBe(null);
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
