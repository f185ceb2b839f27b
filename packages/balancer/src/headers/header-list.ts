/**
 * Request headers as one flat list of names and values, whatever shape the caller gave them in: undici takes that as it is, and it is
 * the one shape in which a header of ours can be added, and one of theirs found, without knowing how they spelled it.
 */
import type { Dispatcher } from 'undici';

/**
 * Number of the attempt, from 1. Left out of a first one that has a deadline, which says as much. A provider that calls on does not retry
 * for an attempt: whoever sent it does.
 */
export const attemptHeader = 'x-lb-attempt';
/** Milliseconds that are left for the answer: relative, so that no two clocks have to agree. */
export const timeoutHeader = 'x-lb-timeout-ms';

/** Names and values in turn. A value may be a list of values, or undefined for a header that is not sent. */
export type HeaderList = readonly unknown[];

/**
 * The caller's headers as a new list, without those that we set for each attempt: a request that is passed on still carries what was said of its
 * former hop. `undefined` for what is no set of headers; undici says why.
 */
export function toHeaderList(headers: Dispatcher.DispatchOptions['headers']): unknown[] | undefined {
  if (headers === null || headers === undefined) return [];
  if (typeof headers !== 'object') return undefined;
  const list: unknown[] = [];
  if (Array.isArray(headers)) {
    if (headers.length % 2 === 1) return undefined;
    for (let index = 0; index < headers.length; index += 2) add(list, headers[index], headers[index + 1]);
  } else if (isIterable(headers)) {
    for (const pair of headers) {
      if (!Array.isArray(pair) || pair.length !== 2) return undefined;
      add(list, pair[0], pair[1]);
    }
  } else {
    for (const name of Object.keys(headers)) add(list, name, headers[name]);
  }
  return list;
}

/** The first value of the header `name`, which is in lower case. */
export function findHeader(list: HeaderList, name: string): string | undefined {
  for (let index = 0; index < list.length; index += 2) {
    const given = list[index];
    if (typeof given !== 'string' || given.length !== name.length || given.toLowerCase() !== name) continue;
    const value = list[index + 1];
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return typeof first === 'string' ? first : undefined;
  }
  return undefined;
}

function add(list: unknown[], name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !isOurs(name)) list.push(name, value);
}

/** Most names are told apart from ours by their length alone. */
function isOurs(name: string): boolean {
  if (name.length === attemptHeader.length) return name.toLowerCase() === attemptHeader;
  return name.length === timeoutHeader.length && name.toLowerCase() === timeoutHeader;
}

function isIterable(headers: object): headers is Iterable<unknown> {
  return Symbol.iterator in headers && typeof headers[Symbol.iterator] === 'function';
}
