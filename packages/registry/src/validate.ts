/**
 * From what somebody wrote under a key to an endpoint that may be used.
 *
 * Registry content is hostile until it has passed here: sizes first, then the parse, then known fields only, copied one by one
 * into a new frozen object. Nothing is merged, so a value cannot reach a prototype.
 */
import { type Endpoint, InvalidOptionError } from '@lb/core';

import type { CheckAddress } from './address-policy.ts';
import type { Codec, EndpointClaim } from './codecs/codec.ts';
import { InvalidValueError } from './errors.ts';

/** Largest value that is parsed at all, in bytes. A registration with all fields set takes a few hundred. */
export const maxValueBytes = 4096;
const maxMetadataEntries = 64;
/** Weights in use span 0.01 to 65 535; a billion leaves room and keeps every sum of them exact. */
export const maxWeight = 1e9;

/** Whether `text` may name a service or an endpoint: printable ASCII without a space, so it can be logged as it is. */
export function isName(text: unknown): text is string {
  return typeof text === 'string' && /^[\x21-\x7e]{1,128}$/.test(text);
}

/** Whether `text` may be what keys begin with. */
export function isRoot(text: unknown): text is string {
  return typeof text === 'string' && /^[\w.-]+(?:\/[\w.-]+)*$/.test(text);
}

/** Returns the name of a service: what can stand in a key as it is, as one segment. Throws `InvalidOptionError`. */
export function checkServiceName(name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z0-9][\w.-]{0,127}$/.test(name)) return name;
  throw new InvalidOptionError('service', 'a name of letters, digits, dots, dashes and underscores', name);
}

/** Reads the value of one key. Throws `InvalidValueError`, and nothing else, for one that may not be used. O(size of the value). */
export function readEndpoint(
  codec: Codec,
  service: string,
  name: string,
  value: Buffer,
  check: CheckAddress,
): Endpoint {
  const text = readText(value);
  try {
    return checkEndpoint(codec.decode(service, name, text), check);
  } catch (error) {
    if (error instanceof InvalidValueError) throw error;
    throw new InvalidValueError(`the ${codec.name} codec cannot read it`, { cause: error });
  }
}

/** The text of a value. Throws `InvalidValueError` for one that is too large, or no text. */
export function readText(value: Buffer): string {
  if (value.length > maxValueBytes) throw new InvalidValueError(`it is larger than ${maxValueBytes} bytes`);
  try {
    return utf8.decode(value);
  } catch (cause) {
    throw new InvalidValueError('it is not UTF-8', { cause });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Checks each field and returns a frozen endpoint of known fields only. Throws `InvalidValueError`. */
export function checkEndpoint(claim: EndpointClaim, check: CheckAddress): Endpoint {
  const { id, origin, state = 'serving', metadata = {} } = claim;
  if (!isName(id)) throw new InvalidValueError('the id is not 1 to 128 printable characters');
  if (id === '*') throw new InvalidValueError('the id is "*", which stands for every endpoint');
  if (typeof origin !== 'string') throw new InvalidValueError('the address is not a string');
  check(origin);
  if (state !== 'serving' && state !== 'draining')
    throw new InvalidValueError('the state is neither serving nor draining');
  const weight = optionalNumber('weight', claim.weight, 0, maxWeight);
  const maxConcurrency = optionalNumber('maxConcurrency', claim.maxConcurrency, 0, Number.MAX_SAFE_INTEGER);
  const startedAt = optionalNumber('startedAt', claim.startedAt, 0, Number.MAX_SAFE_INTEGER);
  const zone = optionalText('zone', claim.zone);
  return Object.freeze({
    id,
    origin,
    ...(weight !== undefined && { weight }),
    ...(zone !== undefined && { zone }),
    ...(maxConcurrency !== undefined && { maxConcurrency }),
    ...(startedAt !== undefined && { startedAt }),
    state,
    metadata: checkMetadata(metadata),
  });
}

function optionalNumber(field: string, value: unknown, min: number, max: number): number | undefined {
  return value === undefined || value === null ? undefined : readNumber(field, value, min, max);
}

/** Returns `value`, or throws `InvalidValueError` for what is not a number within the bounds. */
export function readNumber(field: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new InvalidValueError(`"${field}" is not a number from ${min} to ${max}`);
}

function optionalText(field: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (isName(value)) return value;
  throw new InvalidValueError(`"${field}" is not 1 to 128 printable characters`);
}

function checkMetadata(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidValueError('"metadata" is not an object');
  }
  const entries = Object.entries(value);
  if (entries.length > maxMetadataEntries)
    throw new InvalidValueError(`"metadata" has over ${maxMetadataEntries} entries`);
  // Without a prototype, so that a key such as "__proto__" is a key like any other.
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, text] of entries) {
    if (typeof text !== 'string') throw new InvalidValueError('"metadata" holds something that is not a string');
    if (!isName(key)) throw new InvalidValueError('a key of "metadata" is not 1 to 128 printable characters');
    metadata[key] = text;
  }
  return Object.freeze(metadata);
}
