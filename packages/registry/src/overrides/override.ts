/**
 * What an operator sets from outside, for one endpoint or for all of a service, and how it changes what is registered.
 *
 * Each field says who has set it and when, so that weights of one and draining by another stand side by side. Overrides live under
 * a root of their own: a provider that registers again does not undo them, and Go's readers of the endpoints' prefix, which expect
 * nothing but endpoints there, never see them.
 */
import type { Endpoint, Overridden } from '@lb/core';

import { isRecord } from '../codecs/is-record.ts';
import { InvalidValueError } from '../errors.ts';
import { maxWeight, readNumber } from '../validate.ts';

/** One field, as an operator has set it. */
export interface Setting<T> {
  readonly to: T;
  /** Who has set it. */
  readonly by: string;
  /** When, in milliseconds since the Unix epoch, by the operator's clock. */
  readonly at: number;
}

/** What operators have set for one endpoint, or for all of a service. */
export interface Override {
  readonly weight?: Setting<number> | undefined;
  readonly state?: Setting<'draining'> | undefined;
  readonly maxConcurrency?: Setting<number> | undefined;
}

/** Stands for every endpoint of the service. What is set for one by its id counts before it, field by field. */
export const everyEndpoint = '*';

/** The endpoint as it should be treated; the same object when nothing is set. */
export function applyOverrides(endpoint: Endpoint, own: Override | undefined, general: Override | undefined): Endpoint {
  const weight = own?.weight ?? general?.weight;
  const state = own?.state ?? general?.state;
  const maxConcurrency = own?.maxConcurrency ?? general?.maxConcurrency;
  if (weight === undefined && state === undefined && maxConcurrency === undefined) return endpoint;
  const overridden: Overridden = Object.freeze({
    ...(weight && { weight: replaced(endpoint.weight, weight) }),
    ...(state && { state: replaced(endpoint.state, state) }),
    ...(maxConcurrency && { maxConcurrency: replaced(endpoint.maxConcurrency, maxConcurrency) }),
  });
  return Object.freeze({
    ...endpoint,
    ...(weight && { weight: weight.to }),
    ...(state && { state: state.to }),
    ...(maxConcurrency && { maxConcurrency: maxConcurrency.to }),
    overridden,
  });
}

function replaced<T>(
  registered: T,
  { by, at }: Setting<unknown>,
): { readonly registered: T; readonly by: string; readonly at: number } {
  return Object.freeze({ registered, by, at });
}

export function encodeOverride(override: Override): string {
  return JSON.stringify({ v: 1, ...override });
}

/** Throws `InvalidValueError` for what is no override. */
export function decodeOverride(text: string): Override {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw new InvalidValueError('it is not JSON', { cause });
  }
  if (!isRecord(read) || read['v'] !== 1) throw new InvalidValueError('it is not an override of version 1');
  const weight = setting(read, 'weight', (to) => readNumber('weight', to, 0, maxWeight));
  const state = setting(read, 'state', readDraining);
  const maxConcurrency = setting(read, 'maxConcurrency', (to) =>
    readNumber('maxConcurrency', to, 0, Number.MAX_SAFE_INTEGER),
  );
  if (weight === undefined && state === undefined && maxConcurrency === undefined) {
    throw new InvalidValueError('it sets nothing');
  }
  return Object.freeze({
    ...(weight && { weight }),
    ...(state && { state }),
    ...(maxConcurrency && { maxConcurrency }),
  });
}

function setting<T>(
  record: Readonly<Record<string, unknown>>,
  field: string,
  read: (to: unknown) => T,
): Setting<T> | undefined {
  const given = record[field];
  if (given === undefined) return undefined;
  if (!isRecord(given)) throw new InvalidValueError(`"${field}" is not an object`);
  const { to, by, at } = given;
  if (!isPerson(by)) throw new InvalidValueError(`"${field}" does not say who has set it`);
  return Object.freeze({ to: read(to), by, at: readNumber('at', at, 0, Number.MAX_SAFE_INTEGER) });
}

function readDraining(to: unknown): 'draining' {
  if (to !== 'draining') throw new InvalidValueError('"state" can be set to draining only');
  return to;
}

/** Whether `text` may name who has set something: printable ASCII, so it can be logged as it is. */
export function isPerson(text: unknown): text is string {
  return typeof text === 'string' && /^[\x20-\x7e]{1,128}$/.test(text);
}
