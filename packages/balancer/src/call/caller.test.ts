import { expect, it } from 'vitest';

import { Recorder } from '../../test/support/fake-network.ts';
import { untyped } from '../../test/support/untyped.ts';
import { Caller, type Controller } from './caller.ts';

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
