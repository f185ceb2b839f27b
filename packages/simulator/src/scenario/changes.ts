import type { Change } from '../model.ts';
import { duration, Fields, number, type Reader, text, yes } from './fields.ts';

/** `{ at: 20s, server: large, speed: 0.33 }`: a time, a server, and the one thing that happens to it; or `{ at: 20s, perSecond: 500 }`. */
export const readChange: Reader<Change> = (value, path) => {
  const fields = new Fields(value, path);
  const atMs = fields.required('at', duration);
  const perSecond = fields.optional('perSecond', number);
  if (perSecond !== undefined) {
    fields.end();
    return { atMs, kind: 'load', perSecond };
  }
  const server = fields.required('server', text);
  const plain =
    (kind: 'crash' | 'start' | 'drain' | 'deregister'): Reader<Change> =>
    (given, at) => {
      yes(given, at);
      return { atMs, kind, server };
    };
  const change = fields.oneOf<Change>({
    speed: (given, at) => ({ atMs, kind: 'speed', server, speed: number(given, at) }),
    slots: (given, at) => ({ atMs, kind: 'slots', server, slots: number(given, at) }),
    failing: (given, at) => ({
      atMs,
      kind: 'failing',
      server,
      share: number(given, at),
      afterMs: fields.optional('after', duration) ?? 1,
    }),
    weight: (given, at) => ({ atMs, kind: 'weight', server, weight: number(given, at) }),
    crash: plain('crash'),
    start: plain('start'),
    drain: plain('drain'),
    deregister: plain('deregister'),
  });
  fields.end();
  return change;
};
