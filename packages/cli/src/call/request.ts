/** The request that a command line describes. */
import { readFile } from 'node:fs/promises';

import type { Options } from '../command.ts';
import { UsageError } from '../errors.ts';
import type { Given } from '../given.ts';

export const requestOptions: Options = {
  method: {
    value: 'METHOD',
    about: 'GET, or POST where there is --data',
    complete: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  },
  data: { value: 'TEXT', about: 'body to send; @FILE for what is in a file', complete: 'file' },
  header: { value: 'NAME:VALUE', about: 'header to send', many: true },
};

export interface RequestToMake {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** Throws `UsageError`, and rejects with what reading a file rejects with. */
export async function readRequest(given: Given): Promise<RequestToMake> {
  const path = given.required('path');
  if (!path.startsWith('/')) throw new UsageError(`PATH must begin with a slash, got "${path}"`);
  const data = given.text('data');
  const body = data === undefined ? null : await readBody(data);
  const headers = new Headers(given.list('header').map(readHeader));
  if (body !== null && !headers.has('content-type')) headers.set('content-type', typeOf(body));
  const method = (given.text('method') ?? (body === null ? 'GET' : 'POST')).toUpperCase();
  if (!/^[A-Z-]{1,20}$/.test(method)) throw new UsageError(`--method must be one of HTTP's, got "${method}"`);
  return { path, method, headers: Object.fromEntries(headers), body };
}

function readBody(data: string): Promise<Buffer> | Buffer {
  return data.startsWith('@') ? readFile(data.slice(1)) : Buffer.from(data);
}

function readHeader(text: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([\t\x20-\x7e\x80-\xff]*)$/.exec(text) ?? [];
  // Its value may be a token, so it is not repeated.
  if (name === undefined || value === undefined) throw new UsageError('--header must be NAME:VALUE, on one line');
  return [name, value];
}

function typeOf(body: Buffer): string {
  try {
    JSON.parse(body.toString());
    return 'application/json';
  } catch {
    return 'text/plain; charset=utf-8';
  }
}
