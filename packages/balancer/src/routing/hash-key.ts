/** What makes requests stick to a peer: where in a request the key is, for sticky policies to hash. */
import { InvalidOptionError } from '@lb/core';

import { findHeader, type HeaderList } from '../headers/header-list.ts';

/** What a key can be taken from. */
export interface KeyedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** The first value of a header. */
  readonly header: (name: string) => string | undefined;
}

/**
 * Where the key is: in a header, in a cookie, in the path from its beginning up to so many segments (`/users/42/orders` has the key
 * `/users/42` at 2), or wherever a function finds it. Requests without a key go anywhere.
 */
export type HashKey =
  | { readonly header: string }
  | { readonly cookie: string }
  | { readonly pathSegments: number }
  | ((request: KeyedRequest) => string | undefined);

export type KeyReader = (method: string, path: string, headers: HeaderList) => string | undefined;

/** @throws {InvalidOptionError} */
export function keyReader(hashKey: HashKey): KeyReader {
  if (typeof hashKey === 'function') {
    return (method, path, headers) =>
      hashKey({ method, path, header: (name) => findHeader(headers, name.toLowerCase()) });
  }
  if ('header' in hashKey && isToken(hashKey.header)) {
    const name = hashKey.header.toLowerCase();
    return (_method, _path, headers) => findHeader(headers, name);
  }
  if ('cookie' in hashKey && isToken(hashKey.cookie)) {
    const { cookie } = hashKey;
    return (_method, _path, headers) => readCookie(findHeader(headers, 'cookie') ?? '', cookie);
  }
  if ('pathSegments' in hashKey && Number.isInteger(hashKey.pathSegments) && hashKey.pathSegments > 0) {
    const { pathSegments } = hashKey;
    return (_method, path) => firstSegments(path, pathSegments);
  }
  throw new InvalidOptionError('hashKey', 'a header, a cookie, a number of path segments or a function', hashKey);
}

/** The value of the first cookie of this name, as it was sent. */
function readCookie(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}

function firstSegments(path: string, segments: number): string {
  const query = path.indexOf('?');
  const end = query === -1 ? path.length : query;
  let at = 0;
  for (let seen = 0; seen < segments && at !== -1 && at < end; seen += 1) at = path.indexOf('/', at + 1);
  return path.slice(0, at === -1 ? end : Math.min(at, end));
}

/** RFC 9110 §5.6.2. */
function isToken(name: unknown): boolean {
  return typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name);
}
