import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';

import { untyped } from '../../test/support/untyped.ts';
import type { Controller, Handler } from './caller.ts';
import { channels, type RequestInfo, requests } from '../channels.ts';
import { type FakeDispatch, FakeNetwork, Recorder } from '../../test/support/fake-network.ts';

/** Reads the body of a dispatch as undici does. */
async function readBody({ options }: FakeDispatch): Promise<unknown[]> {
  const chunks: unknown[] = [];
  const body: AsyncIterable<unknown> = untyped(options.body);
  for await (const chunk of body) chunks.push(chunk);
  return chunks;
}

const noJitter = { retry: { backoff: { baseMs: 0 } } };

describe('an answer', () => {
  it('is passed on as it comes, and ends the request', () => {
    const network = new FakeNetwork();
    const caller = network.call();
    network.last.inform(103).head(200).data('one').data('two').end();
    expect(caller.events).toEqual(['start', '103', '200', 'one', 'two', 'end']);
    expect([network.inFlight, network.calls.size, network.wheel.size]).toEqual([0, 0, 0]);
  });

  it('counts as in flight until it has ended', () => {
    const network = new FakeNetwork({ peers: ['a'] });
    network.call();
    network.last.head().data();
    expect(network.inFlight).toBe(1);
    network.last.end();
    expect(network.inFlight).toBe(0);
  });

  it('that breaks off is an error, whatever could be tried, since part of it is out', () => {
    const network = new FakeNetwork();
    const caller = network.call();
    network.last.head().data('one').fail();
    expect(caller.events).toEqual(['start', '200', 'one', 'error']);
    expect(caller.error).toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(network.tried.length).toBe(1);
  });

  it('is cut off where it gets too long', () => {
    const network = new FakeNetwork({ options: { maxResponseBytes: 7 } });
    const caller = network.call();
    network.last.head().data('1234').data('5678');
    expect(caller.events).toEqual(['start', '200', '1234', 'error']);
    expect(caller.error).toMatchObject({
      code: 'ERR_RESPONSE_TOO_LARGE',
      service: 'test',
      origin: 'http://a',
      limit: 7,
    });
    expect(network.last.aborted).toBe(caller.error);
  });

  it('may be an upgrade, which ends the request', () => {
    const network = new FakeNetwork();
    const caller = network.call();
    network.last.upgrade();
    expect(caller.events).toEqual(['start', 'upgrade 101']);
    expect([network.inFlight, network.calls.size]).toEqual([0, 0]);
  });
});

describe('an attempt', () => {
  it('carries the time that is left, and from the second on its number', () => {
    const network = new FakeNetwork({ options: { ...noJitter, timeoutMs: 2000 } });
    network.call({ headers: ['accept', 'a'] });
    expect(network.last.headers).toEqual({ accept: 'a', 'x-lb-timeout-ms': '2000' });
    network.clock.advance(100);
    network.last.fail();
    expect(network.last.headers).toMatchObject({ 'x-lb-attempt': '2', 'x-lb-timeout-ms': '1900' });
  });

  it('carries neither when it should not, and its number when there is no limit of time', () => {
    const quiet = new FakeNetwork({ options: { announce: false } });
    quiet.call();
    expect(quiet.last.headers).toEqual({});
    const patient = new FakeNetwork({ options: { timeoutMs: 0 } });
    patient.call();
    expect(patient.last.headers).toEqual({ 'x-lb-attempt': '1' });
  });

  it('that was not sent is followed by one elsewhere at once, for any method and for free', () => {
    const network = new FakeNetwork({ connected: false, budget: { capacity: 0, perSecond: 0, perRequest: 0 } });
    const caller = network.call({ method: 'POST', body: 'x' });
    network.last.fail('ECONNREFUSED');
    network.last.fail('ECONNREFUSED');
    network.last.start().answer();
    expect([network.tried, caller.events]).toEqual([
      ['a', 'b', 'c'],
      ['start', '200', 'data', 'end'],
    ]);
  });

  it('that was not sent is followed by one at whoever took the place of its peer, as well', () => {
    const network = new FakeNetwork({
      peers: ['old'],
      connected: false,
      budget: { capacity: 0, perSecond: 0, perRequest: 0 },
    });
    const caller = network.call({ method: 'POST', body: 'x' });
    network.update('new');
    network.last.fail('ECONNREFUSED');
    network.last.start().answer();
    expect([network.tried, caller.events.at(-1)]).toEqual([['old', 'new'], 'end']);
  });

  it('that was sent and lost is followed by another only where that is safe', () => {
    const network = new FakeNetwork({ options: noJitter });
    const get = network.call();
    network.last.fail();
    network.last.answer();
    expect(get.events.at(-1)).toBe('end');
    const post = network.call({ method: 'POST' });
    network.last.fail();
    expect(post.error).toMatchObject({
      code: 'ERR_ATTEMPTS_FAILED',
      why: 'not-idempotent',
      cause: { code: 'UND_ERR_SOCKET' },
    });
  });

  it('waits for its back-off', () => {
    const network = new FakeNetwork({ random: () => 0.8 });
    network.call();
    network.last.fail();
    // 0.8 of 25 ms, and up to one tick of 5.
    network.clock.advance(19);
    expect(network.tried.length).toBe(1);
    network.clock.advance(6);
    expect(network.tried.length).toBe(2);
  });

  it('goes to each peer once before it goes to any again', () => {
    const network = new FakeNetwork({ options: { retry: { attempts: 5, backoff: { baseMs: 0 } } } });
    network.call();
    for (let attempt = 0; attempt < 4; attempt += 1) network.last.fail();
    expect([network.tried.slice(0, 3).toSorted(), network.tried.length]).toEqual([['a', 'b', 'c'], 5]);
  });

  it('is the last when there were as many as there may be', () => {
    const network = new FakeNetwork({ options: noJitter });
    const caller = network.call();
    for (let attempt = 0; attempt < 3; attempt += 1) network.last.fail();
    expect(network.tried.length).toBe(3);
    expect(caller.error).toMatchObject({ code: 'ERR_ATTEMPTS_FAILED', why: 'attempts' });
    expect(caller.error).toHaveProperty('attempts', [
      expect.objectContaining({ peer: 'a', failure: 'reset' }),
      expect.objectContaining({ peer: 'b', failure: 'reset' }),
      expect.objectContaining({ peer: 'c', failure: 'reset' }),
    ]);
  });

  it('is the last when the budget is used up', () => {
    const network = new FakeNetwork({ options: noJitter, budget: { capacity: 1, perSecond: 0, perRequest: 0 } });
    const [first, second] = [network.call(), network.call()];
    network.dispatches[0]!.fail();
    network.dispatches[1]!.fail();
    expect([first.events, second.events]).toEqual([['start'], ['start', 'error']]);
    expect(second.error).toMatchObject({ why: 'budget' });
  });

  it('that the caller got wrong is told as it is, and blames nobody', () => {
    const network = new FakeNetwork();
    const caller = network.call();
    network.last.fail('UND_ERR_INVALID_ARG');
    expect(caller.error).toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
    expect(network.tried.length).toBe(1);
  });

  it('that a transport cannot even take is a failed one', () => {
    const network = new FakeNetwork();
    network.onDispatch = (dispatch) => {
      if (network.tried.length < 3) throw new Error('no');
      dispatch.start();
    };
    const caller = network.call();
    network.last.answer();
    expect([network.tried.length, caller.events.at(-1)]).toEqual([3, 'end']);
  });
});

describe('a bad answer', () => {
  it('is kept while a better one is looked for, then read to its end', async () => {
    const network = new FakeNetwork({ options: noJitter });
    const caller = network.call();
    const [bad] = network.dispatches;
    bad!.head(503);
    // Let go of as soon as there is another attempt, but not within a callback of undici.
    await Promise.resolve();
    expect([network.tried.length, bad!.aborted, bad!.paused]).toEqual([2, undefined, false]);
    network.last.answer(200);
    bad!.data().end();
    expect(caller.events).toEqual(['start', '200', 'data', 'end']);
  });

  it('costs its connection when it is long', () => {
    const network = new FakeNetwork({ options: noJitter });
    network.call();
    const [bad] = network.dispatches;
    bad!.head(503);
    network.last.answer();
    bad!.data('x'.repeat(16_384));
    expect(bad!.aborted).toBeUndefined();
    bad!.data('x');
    expect(bad!.aborted).toBeDefined();
  });

  it('does when there is no better', () => {
    const network = new FakeNetwork({ options: noJitter });
    const caller = network.call();
    for (let attempt = 0; attempt < 3; attempt += 1) network.last.answer(503);
    expect([network.tried.length, caller.events]).toEqual([3, ['start', '503', 'data', 'end']]);
  });

  it('is passed on as it is to a request that may not be repeated', () => {
    const network = new FakeNetwork();
    const caller = network.call({ method: 'POST' });
    network.last.answer(503);
    expect([network.tried.length, caller.events]).toEqual([1, ['start', '503', 'data', 'end']]);
  });

  it('does when time is up before the next attempt, with all that came of it meanwhile', () => {
    const network = new FakeNetwork({ options: { timeoutMs: 100 }, peers: ['a'] });
    const caller = network.call();
    network.last.head(503, { 'retry-after': '0' });
    // The transport did not heed the pause.
    network.last.data('all').data('there');
    network.clock.advance(30);
    network.dispatches[0]!.end();
    expect(network.tried.length).toBe(2);
    network.last.fail();
    network.clock.advance(100);
    expect(caller.events.at(-1)).toBe('error');

    const other = new FakeNetwork({ options: { timeoutMs: 100 }, random: () => 0.99 });
    const second = other.call();
    other.last.head(503).data('all').data('there');
    other.update();
    other.last.end();
    other.clock.advance(200);
    expect(second.events).toEqual(['start', '503', 'all', 'there', 'end']);
  });

  it('that nobody is left to better is passed on live', async () => {
    const network = new FakeNetwork({ random: () => 0.99, peers: ['a'] });
    const caller = network.call();
    network.last.head(503);
    expect(network.last.paused).toBe(true);
    network.update();
    network.clock.advance(100);
    await Promise.resolve();
    expect([caller.events, network.last.paused]).toEqual([['start', '503'], false]);
    network.last.data('late').end();
    expect(caller.events).toEqual(['start', '503', 'late', 'end']);
  });

  it('that came to its end while it was kept can be aborted, and thrown at, as any other', () => {
    const outcomes: unknown[] = [];
    const stop = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));
    const passHeld = (caller: Recorder): void => {
      const network = new FakeNetwork({ random: () => 0.99, peers: ['a'] });
      network.call({}, caller);
      network.last.head(503).data('all').end();
      network.update();
      network.clock.advance(100);
      expect([network.inFlight, network.calls.size, network.wheel.size]).toEqual([0, 0, 0]);
    };
    const mine = new Error('mine');
    class Aborting extends Recorder {
      override onResponseStart(controller: Controller, statusCode: number): void {
        super.onResponseStart(controller, statusCode);
        controller.abort(mine);
      }
    }
    const aborting = new Aborting();
    passHeld(aborting);
    expect([aborting.events, aborting.error]).toEqual([['start', '503', 'error'], mine]);
    for (const method of ['onResponseStart', 'onResponseData', 'onResponseEnd'] as const) {
      const throwing = new Recorder();
      throwing[method] = () => {
        throw mine;
      };
      passHeld(throwing);
      expect([throwing.error, throwing.ends]).toEqual([mine, 1]);
    }
    stop();
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => 'failure'));
  });

  it('is measured once, however long it was kept', () => {
    const network = new FakeNetwork({ options: { maxResponseBytes: 4 }, random: () => 0.99, peers: ['a'] });
    const caller = network.call();
    network.last.head(503).data('four').end();
    network.update();
    network.clock.advance(100);
    expect(caller.events).toEqual(['start', '503', 'four', 'end']);
  });

  it('that breaks off while it is kept is no answer any more', () => {
    const network = new FakeNetwork({ random: () => 0.99, peers: ['a'] });
    const caller = network.call();
    network.last.head(503).fail();
    network.update();
    network.clock.advance(100);
    expect(caller.events).toEqual(['start', 'error']);
  });

  it('from a peer that drains sends any request elsewhere at once', () => {
    const network = new FakeNetwork();
    const caller = network.call({ method: 'POST', body: 'x' });
    network.last.answer(503, { 'x-lb-nack': 'draining' });
    network.last.answer();
    expect([network.tried, caller.events.at(-1)]).toEqual([['a', 'b'], 'end']);
  });
});

describe('time', () => {
  it('takes an attempt away that is replaced, closes its connection, and holds it against the peer', () => {
    const network = new FakeNetwork({ options: noJitter });
    const outcomes: unknown[] = [];
    const stop = channels.attempt.subscribe(({ peer, outcome }) => outcomes.push([peer.id, outcome]));
    const caller = network.call();
    network.clock.advance(505);
    expect(network.tried).toEqual(['a', 'b']);
    expect(network.dispatches[0]!.aborted).toMatchObject({ code: 'ERR_ATTEMPT_TIMEOUT' });
    network.last.answer();
    stop();
    expect(outcomes).toEqual([
      ['a', { kind: 'failure', reason: 'timeout' }],
      ['b', { kind: 'success' }],
    ]);
    expect(caller.events.at(-1)).toBe('end');
  });

  it('leaves an attempt alone that nothing can replace', () => {
    const network = new FakeNetwork({ options: { ...noJitter, timeoutMs: 2000 } });
    const post = network.call({ method: 'POST' });
    network.clock.advance(1900);
    expect(network.tried.length).toBe(1);
    network.last.answer();
    expect(post.events.at(-1)).toBe('end');

    const poor = new FakeNetwork({ options: noJitter, budget: { capacity: 0, perSecond: 0, perRequest: 0 } });
    poor.call();
    poor.clock.advance(1900);
    expect([poor.tried.length, poor.last.aborted]).toEqual([1, undefined]);
  });

  it('moves any request that still waits for its connection', () => {
    const network = new FakeNetwork({ connected: false });
    const caller = network.call({ method: 'POST', body: 'x' });
    const [stuck] = network.dispatches;
    network.clock.advance(505);
    network.last.start().answer();
    expect([network.tried, caller.events.at(-1)]).toEqual([['a', 'b'], 'end']);
    // The connection comes after all: the request must not go out twice.
    stuck!.start();
    expect(stuck!.declined).toMatchObject({ code: 'ERR_ATTEMPT_TIMEOUT' });
    expect([stuck!.over, stuck!.aborted]).toEqual([true, undefined]);
  });

  it('ends the request at its deadline', () => {
    const network = new FakeNetwork({ options: { timeoutMs: 800 } });
    const caller = network.call({ method: 'POST' });
    network.clock.advance(800);
    expect(caller.error).toMatchObject({
      code: 'ERR_DEADLINE',
      timeoutMs: 800,
      attempts: [{ peer: 'a', failure: 'timeout' }],
    });
    expect(network.last.aborted).toBe(caller.error?.cause);
    expect([network.inFlight, network.wheel.size]).toEqual([0, 0]);
  });

  it('does not end an answer that has begun', () => {
    const network = new FakeNetwork({ options: { timeoutMs: 800 } });
    const caller = network.call();
    network.last.head();
    network.clock.advance(100_000);
    network.last.data().end();
    expect(caller.events.at(-1)).toBe('end');
  });
});

describe('the queue', () => {
  const full = (): { network: FakeNetwork; callers: Recorder[] } => {
    const network = new FakeNetwork({
      peers: ['a', 'b'],
      slots: 1,
      queueLimit: 2,
      options: { timeoutMs: 1000, attemptTimeoutMs: 0 },
    });
    return { network, callers: [network.call(), network.call()] };
  };

  it('takes those that find all peers full, and lets them go on in turn', () => {
    const { network } = full();
    const [third, fourth] = [network.call(), network.call()];
    expect([network.tried.length, network.queue.size]).toEqual([2, 2]);
    network.dispatches[1]!.answer();
    expect(network.tried).toEqual(['a', 'b', 'b']);
    network.dispatches[0]!.answer();
    network.dispatches[2]!.answer();
    network.dispatches[3]!.answer();
    expect([third.events.at(-1), fourth.events.at(-1), network.inFlight]).toEqual(['end', 'end', 0]);
  });

  it('refuses at once what is beyond it', () => {
    const { network } = full();
    network.call();
    network.call();
    const fifth = network.call();
    expect(fifth.error).toMatchObject({ code: 'ERR_OVERFLOW', limit: 'queueLimit', value: 2 });
  });

  it('lets go of a request whose time is up, or whose caller leaves', () => {
    const { network } = full();
    network.clock.advance(1);
    const [late, gone] = [network.call(), network.call()];
    network.dispatches[0]!.head();
    network.dispatches[1]!.head();
    gone.controller!.abort(new Error('gone'));
    network.clock.advance(1005);
    expect(late.error).toMatchObject({ code: 'ERR_DEADLINE', attempts: [] });
    expect([gone.error, network.queue.size]).toMatchObject([{ message: 'gone' }, 0]);
  });

  it('lets nobody overtake', () => {
    const { network } = full();
    const waiting = network.call();
    network.dispatches[0]!.head();
    // There is room on a third peer, but whoever waits goes first.
    network.update('a', 'b', 'c');
    expect(network.tried).toEqual(['a', 'b', 'c']);
    network.last.answer();
    expect(waiting.events.at(-1)).toBe('end');
  });

  it('takes what waits for the first snapshot, and fails it when that is empty', () => {
    const network = new FakeNetwork({ peers: [] });
    network.ready = false;
    const waiting = network.call();
    expect(waiting.events).toEqual(['start']);
    network.ready = true;
    network.update();
    expect(waiting.error).toMatchObject({ code: 'ERR_NO_ENDPOINT', reason: 'empty' });
    expect(network.call().error).toMatchObject({ code: 'ERR_NO_ENDPOINT' });
  });
});

describe('a caller', () => {
  it('that aborts ends all that goes on for it, at once and with its own reason', () => {
    const network = new FakeNetwork();
    const outcomes: unknown[] = [];
    const stop = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));
    const caller = network.call();
    caller.controller!.abort(new Error('gone'));
    caller.controller!.abort(new Error('again'));
    stop();
    expect([caller.events, caller.error?.message]).toEqual([['start', 'error'], 'gone']);
    expect([outcomes, network.last.aborted?.message]).toEqual([['ignored'], 'gone']);
    expect([caller.controller!.aborted, caller.controller!.reason?.message]).toEqual([true, 'gone']);
  });

  it('that aborts during a back-off is not kept waiting', () => {
    const network = new FakeNetwork();
    const caller = network.call();
    network.last.fail();
    caller.controller!.abort(new Error('gone'));
    network.clock.advance(1000);
    expect([caller.events, network.tried.length, network.wheel.size]).toEqual([['start', 'error'], 1, 0]);
  });

  it('that aborts an answer stops its connection', () => {
    const network = new FakeNetwork();
    const outcomes: unknown[] = [];
    const stop = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));
    const caller = network.call();
    network.last.head().data();
    caller.controller!.abort(new Error('enough'));
    stop();
    expect([caller.events, outcomes]).toEqual([['start', '200', 'data', 'error'], ['ignored']]);
    expect(network.last.aborted?.message).toBe('enough');
  });

  it('that aborts as soon as it is told of the request has none sent', () => {
    const network = new FakeNetwork();
    class Hasty extends Recorder {
      override onRequestStart(...args: Parameters<Recorder['onRequestStart']>): void {
        super.onRequestStart(...args);
        args[0].abort(new Error('never mind'));
      }
    }
    const caller = network.call({}, new Hasty());
    expect([caller.events, network.dispatches]).toEqual([['start', 'error'], []]);
  });

  it('may pause before there is an answer, and finds it paused', () => {
    const network = new FakeNetwork({ options: noJitter });
    const caller = network.call();
    caller.controller!.pause();
    network.last.fail();
    network.last.head();
    expect([network.last.paused, caller.controller!.paused]).toEqual([true, true]);
    caller.controller!.resume();
    expect([network.last.paused, caller.controller!.paused]).toEqual([false, false]);
  });

  it('may pause at an answer that is not the final one, and resume before that comes', () => {
    const network = new FakeNetwork();
    class Careful extends Recorder {
      override onResponseStart(controller: Controller, statusCode: number): void {
        super.onResponseStart(controller, statusCode);
        if (statusCode === 103) controller.pause();
      }
    }
    const caller = network.call({}, new Careful());
    network.last.inform();
    expect(caller.controller!.paused).toBe(true);
    caller.controller!.resume();
    network.last.head();
    expect([network.last.paused, caller.controller!.paused]).toEqual([false, false]);
  });

  it('sees the raw headers of the answer that it gets', () => {
    const network = new FakeNetwork();
    const caller = network.call();
    expect(caller.controller!.rawHeaders).toBeNull();
    network.last.head();
    expect(caller.controller!.rawHeaders).toEqual(['raw', 'header']);
  });

  it.each(['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'] as const)(
    'that throws in %s gets its own error back, and blames no peer',
    (method) => {
      const network = new FakeNetwork();
      const outcomes: unknown[] = [];
      const stop = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));
      const caller = new Recorder();
      caller[method] = () => {
        throw new Error('mine');
      };
      network.call({}, caller);
      network.dispatches[0]?.answer();
      stop();
      expect([caller.error?.message, caller.ends]).toEqual(['mine', 1]);
      expect(outcomes).not.toContainEqual('failure');
      expect([network.inFlight, network.calls.size]).toEqual([0, 0]);
    },
  );

  it.each(['onRequestSent', 'onResponseStart'] as const)(
    'that throws in %s before there is a final answer gets its own error back, too, and once',
    (method) => {
      const network = new FakeNetwork({ options: noJitter });
      const outcomes: unknown[] = [];
      const stop = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));
      const mine = new Error('mine');
      const throwing = (): void => {
        throw mine;
      };
      const caller = network.call({}, Object.assign(new Recorder(), { [method]: throwing }));
      network.last.inform();
      stop();
      expect([caller.error, caller.ends, network.tried.length]).toEqual([mine, 1, 1]);
      expect([outcomes, network.inFlight, network.calls.size]).toEqual([['ignored'], 0, 0]);
    },
  );

  it('learns who answered, and after how many attempts', () => {
    const network = new FakeNetwork({ options: noJitter });
    const caller = network.call();
    network.clock.advance(7);
    network.last.fail();
    network.clock.advance(3);
    network.last.answer();
    expect(caller.info).toMatchObject({
      service: 'test',
      attempts: 2,
      peer: { id: 'b' },
      statusCode: 200,
      hedged: false,
      elapsedMs: 10,
      error: undefined,
    });
  });
});

describe('a body', () => {
  it('that is a stream is sent again as far as it was read', async () => {
    const network = new FakeNetwork({ options: noJitter });
    network.call({ method: 'PUT', body: ['a', 'b'] });
    expect(await readBody(network.last)).toEqual(['a', 'b']);
    network.last.fail();
    expect(await readBody(network.last)).toEqual(['a', 'b']);
  });

  it('that is spent is not sent again', async () => {
    const network = new FakeNetwork({ options: { retry: { replayLimitBytes: 1 } } });
    const caller = network.call({ method: 'PUT', body: ['a', 'b'] });
    await readBody(network.last);
    network.last.fail();
    expect(caller.error).toMatchObject({ why: 'body' });
  });

  it("that fails is the caller's own matter", async () => {
    const network = new FakeNetwork({ options: noJitter });
    const broken = new Error('disk');
    const body = (function* () {
      yield 'a';
      throw broken;
    })();
    const outcomes: unknown[] = [];
    const stop = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));
    const caller = network.call({ method: 'PUT', body });
    await readBody(network.last).catch((error: Error) => network.last.error(error));
    stop();
    expect([caller.error, network.tried.length, outcomes]).toEqual([broken, 1, ['ignored']]);
  });

  it('is let go of when the request is over', async () => {
    const network = new FakeNetwork();
    let returned = false;
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 'a' }),
        return: () => {
          returned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    network.call({ method: 'PUT', body });
    const sent: AsyncIterable<unknown> = untyped(network.last.options.body);
    await sent[Symbol.asyncIterator]().next();
    network.last.answer();
    expect(returned).toBe(true);
  });
});

describe('a hedge', () => {
  /** A network that has seen enough answers of 50 ms to hedge. */
  function warm(options: ConstructorParameters<typeof FakeNetwork>[0] = {}): FakeNetwork {
    const network = new FakeNetwork({ hedge: { minSamples: 5, maxShare: 1 }, options: noJitter, ...options });
    for (let request = 0; request < 5; request += 1) {
      network.call();
      network.clock.advance(50);
      network.last.answer();
    }
    network.dispatches.length = 0;
    return network;
  }

  it('is sent to another peer when an attempt takes longer than most, and the first answer wins', () => {
    const network = warm();
    const caller = network.call();
    network.clock.advance(49);
    expect(network.dispatches.length).toBe(1);
    network.clock.advance(15);
    const [slow, hedge] = network.dispatches;
    expect(hedge!.peer).not.toBe(slow!.peer);
    hedge!.head();
    expect(slow!.aborted).toBeDefined();
    hedge!.data().end();
    expect(caller.events).toEqual(['start', '200', 'data', 'end']);
    expect(caller.info).toMatchObject({ hedged: true, hedgeWon: true, attempts: 2 });
    expect([network.inFlight, network.wheel.size]).toEqual([0, 0]);
  });

  it('is closed when the first attempt answers after all', () => {
    const network = warm();
    const caller = network.call();
    network.clock.advance(64);
    network.dispatches[0]!.answer();
    expect([caller.events.at(-1), network.dispatches[1]!.aborted === undefined]).toEqual(['end', false]);
    expect(caller.info).toMatchObject({ hedged: true, hedgeWon: false });
  });

  it('is waited for when the other fails or answers badly, and the bad answer does if it fails', () => {
    const network = warm();
    const first = network.call();
    network.clock.advance(64);
    network.dispatches[0]!.fail();
    network.dispatches[1]!.answer();
    expect(first.events).toEqual(['start', '200', 'data', 'end']);

    const rest = warm({ options: { retry: { attempts: 2, backoff: { baseMs: 0 } } } });
    const second = rest.call();
    rest.clock.advance(64);
    rest.dispatches[0]!.head(503);
    expect(second.events).toEqual(['start']);
    rest.dispatches[1]!.fail();
    rest.dispatches[0]!.data('sorry').end();
    expect(second.events).toEqual(['start', '503', 'sorry', 'end']);
  });

  it('is replaced together with the first when neither answers', () => {
    const network = warm();
    network.call();
    network.clock.advance(64 + 510);
    expect(network.dispatches.map(({ aborted }) => aborted !== undefined)).toEqual([true, true, false]);
    expect(new Set(network.tried).size).toBe(3);
  });

  it('is paid for', () => {
    const network = warm({ budget: { capacity: 0, perSecond: 0, perRequest: 0 } });
    network.call();
    network.clock.advance(100);
    expect(network.dispatches.length).toBe(1);
  });

  it.each([
    ['may not be repeated', { method: 'POST', hedge: false }],
    ['has a body that comes as a stream', { method: 'PUT', body: ['a'] }],
  ])('is not sent for a request that %s', (_what, request) => {
    const network = warm();
    network.call(request);
    network.clock.advance(100);
    expect(network.dispatches.length).toBe(1);
  });
});

describe('a route', () => {
  it('keeps to the peers that it may go to, and says so when there are none', () => {
    const network = new FakeNetwork();
    const barred = new Set([network.peer('a'), network.peer('b')]);
    network.call({ route: network.route({ barred }) });
    network.call({ route: network.route({ barred }) });
    expect(network.tried).toEqual(['c', 'c']);
    const nowhere = network.call({ route: network.route({ barred: new Set(network.pool.peers) }) });
    expect(nowhere.error).toMatchObject({ code: 'ERR_NO_ENDPOINT', reason: 'excluded' });
  });

  it('avoids peers while there are others, on every attempt', () => {
    const network = new FakeNetwork({ options: noJitter });
    network.call({ route: network.route({ avoided: new Set([network.peer('a')]) }) });
    network.last.fail();
    network.last.fail();
    expect([network.tried.slice(0, 2).toSorted(), network.tried[2]]).toEqual([['b', 'c'], 'a']);
  });

  it('brings a peer back that was set aside, though every request goes past others', () => {
    for (const kind of ['barred', 'avoided'] as const) {
      const network = new FakeNetwork();
      network.pool.eject(network.peer('a'), 'test', network.clock.now());
      network.clock.advance(1300);
      const elsewhere = network.route({ [kind]: new Set([network.peer('c')]) });
      network.call({ route: elsewhere });
      expect(network.tried).toEqual(['a']);
      network.last.answer();
      expect(network.peer('a').ejection).toBeUndefined();
    }
  });

  it('does not bring one back by a request that has failed, nor by a hedge', () => {
    for (const hedge of [undefined, { minSamples: 1 }]) {
      const network = new FakeNetwork({ options: noJitter, ...(hedge && { hedge }) });
      network.call();
      network.last.answer();
      network.call();
      const out = ['a', 'b', 'c'].find((id) => id !== network.last.peer)!;
      network.pool.eject(network.peer(out), 'test', network.clock.now(), 50);
      network.clock.advance(100);
      if (hedge === undefined) network.last.fail();
      expect(network.tried.length).toBe(3);
      expect(network.last.peer).not.toBe(out);
    }
  });
});

/** As undici's `request` has it: a handler that was made where the request was, and knows where that is. */
class PlacedHandler extends AsyncResource implements Handler {
  readonly #recorder: Recorder;

  constructor(recorder: Recorder) {
    super('REQUEST');
    this.#recorder = recorder;
  }

  onRequestStart(...told: Parameters<Recorder['onRequestStart']>): void {
    this.#recorder.onRequestStart(...told);
  }

  onResponseError(...told: Parameters<Recorder['onResponseError']>): void {
    this.#recorder.onResponseError(...told);
  }
}

const handlers = [
  { what: 'any handler', make: (recorder: Recorder): Handler => recorder },
  { what: 'one that knows where it was made', make: (recorder: Recorder): Handler => new PlacedHandler(recorder) },
];

it.each(handlers)('runs later attempts where the request was dispatched, for $what', ({ make }) => {
  const storage = new AsyncLocalStorage<string>();
  const network = new FakeNetwork({ slots: 1, peers: ['a', 'b'], options: noJitter });
  const seen: (string | undefined)[] = [];
  network.onDispatch = (dispatch) => {
    seen.push(storage.getStore());
    dispatch.start();
  };
  for (const name of ['one', 'two', 'three']) {
    const recorder = new Recorder();
    storage.run(name, () => network.call({}, recorder, make(recorder)));
  }
  storage.run('elsewhere', () => network.dispatches[0]!.fail());
  storage.run('elsewhere', () => network.dispatches[1]!.answer());
  expect(seen).toEqual(['one', 'two', 'three', 'one']);
});

it.each(handlers)('tells of a request from its beginning to its end, and binds stores to it, for $what', ({ make }) => {
  const storage = new AsyncLocalStorage<string>();
  const told: string[] = [];
  const hear = (event: string) => (info: RequestInfo) => void told.push(`${event} ${info.attempts}`);
  const listeners = {
    start: hear('start'),
    end: hear('end'),
    asyncStart: hear('asyncStart'),
    asyncEnd: hear('asyncEnd'),
    error: hear('error'),
  };
  requests.subscribe(listeners);
  requests.start.bindStore(storage, ({ service }) => service);
  const network = new FakeNetwork({ options: noJitter });
  const stores: (string | undefined)[] = [];
  network.onDispatch = (dispatch) => {
    stores.push(storage.getStore());
    dispatch.start();
  };
  const recorder = new Recorder();
  network.call({}, recorder, make(recorder));
  network.last.fail();
  network.last.answer();
  network.call({ method: 'POST' });
  network.last.fail();
  requests.unsubscribe(listeners);
  requests.start.unbindStore(storage);
  expect(stores).toEqual(['test', 'test', 'test']);
  expect(told.slice(0, 4)).toEqual(['start 0', 'end 1', 'asyncStart 2', 'asyncEnd 2']);
  expect(told.slice(4)).toEqual(['start 0', 'end 1', 'error 1', 'asyncStart 1', 'asyncEnd 1']);
});

it('tells whoever begins to trace nothing of requests that had begun before', () => {
  const told: string[] = [];
  const hear = (event: string) => (info: RequestInfo) => void told.push(`${event} ${info.path}`);
  const listeners = {
    start: hear('start'),
    end: hear('end'),
    asyncStart: hear('asyncStart'),
    asyncEnd: hear('asyncEnd'),
    error: hear('error'),
  };
  const network = new FakeNetwork({ options: noJitter });
  network.call({ path: '/before', method: 'POST' });
  requests.subscribe(listeners);
  network.call({ path: '/after', method: 'POST' });
  for (const dispatch of network.dispatches) dispatch.fail();
  requests.unsubscribe(listeners);
  expect(told).toEqual(['start /after', 'end /after', 'error /after', 'asyncStart /after', 'asyncEnd /after']);
});
