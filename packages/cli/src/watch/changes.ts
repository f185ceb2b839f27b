import type { Endpoint } from '@lb/core';

import { number } from '../numbers.ts';

/** What has changed from one snapshot to the next, a sentence each. */
export function changes(before: readonly Endpoint[], after: readonly Endpoint[]): string[] {
  const known = new Map(before.map((endpoint) => [endpoint.id, endpoint]));
  const said: string[] = [];
  for (const endpoint of after) {
    const old = known.get(endpoint.id);
    known.delete(endpoint.id);
    if (old === undefined) said.push(joined(endpoint));
    else said.push(...changed(old, endpoint));
  }
  for (const id of known.keys()) said.push(`${id} left`);
  return said;
}

function joined({ id, origin, weight, zone, state }: Endpoint): string {
  const parts = [`${id} joined: ${origin}`, `weight ${number(weight ?? 1)}`];
  if (zone !== undefined) parts.push(`zone ${zone}`);
  if (state === 'draining') parts.push(state);
  return parts.join(', ');
}

function changed(old: Endpoint, now: Endpoint): string[] {
  const { id, overridden } = now;
  const said: string[] = [];
  if (old.state !== now.state) said.push(`${id} is ${now.state}${by(overridden?.state)}`);
  if (old.origin !== now.origin) said.push(`${id} is at ${now.origin}`);
  if ((old.weight ?? 1) !== (now.weight ?? 1)) {
    said.push(`${id} has weight ${number(now.weight ?? 1)} after ${number(old.weight ?? 1)}${by(overridden?.weight)}`);
  }
  if (old.maxConcurrency !== now.maxConcurrency) {
    const limit = now.maxConcurrency === undefined ? 'no limit' : `a limit of ${number(now.maxConcurrency)}`;
    said.push(`${id} has ${limit}${by(overridden?.maxConcurrency)}`);
  }
  return said;
}

function by(setting: { readonly by: string } | undefined): string {
  return setting === undefined ? '' : `, set by ${setting.by}`;
}
