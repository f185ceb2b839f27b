/**
 * What operators can do. Weights and drains go through the registry, where every consumer finds them; setting aside, bringing back and
 * switching the policy are this consumer's own affair. Each is told in the event log with the name of whoever did it.
 */
import type { Balancer } from '@lb/balancer';
import { type Peer, policies } from '@lb/core';
import type { Overrides } from '@lb/registry';

import type { Action } from './action.ts';
import type { EventLog } from './event-log.ts';
import { nameOf } from './narrator.ts';
import type { LogEntry } from './wire.ts';

/** It cannot be done, and why. */
export class ActionError extends Error {
  override readonly name = 'ActionError';
  readonly code = 'ERR_ACTION';
  readonly statusCode: 404 | 409 | 502;

  constructor(statusCode: ActionError['statusCode'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.statusCode = statusCode;
  }
}

export interface ActionTargets {
  readonly balancer: Pick<Balancer, 'pool' | 'usePolicy'>;
  readonly overrides: Pick<Overrides, 'set' | 'clear'>;
  readonly log: EventLog;
  readonly now: () => number;
}

/** Does it in the name of `by`. Rejects with {@link ActionError}. */
export async function act(action: Action, by: string, targets: ActionTargets): Promise<LogEntry> {
  const { log } = targets;
  if (action.action === 'policy') {
    const { policy } = action;
    targets.balancer.usePolicy(policies[policy]());
    return log.add({ kind: 'action', text: `${by} has switched the policy to ${policy}`, by });
  }
  const peer = find(targets.balancer, action.peer);
  const done = await onPeer(action, peer, by, targets);
  return log.add({ kind: 'action', text: `${by} ${done}`, peer: peer.id, by });
}

async function onPeer(
  action: Exclude<Action, { action: 'policy' }>,
  peer: Peer,
  by: string,
  { balancer, overrides, now }: ActionTargets,
): Promise<string> {
  const name = nameOf(peer);
  switch (action.action) {
    case 'weight': {
      const { weight } = action;
      if (weight === null) {
        await inRegistry(overrides.clear(peer.id, ['weight']));
        return `has given ${name} back the weight that it registered`;
      }
      await inRegistry(overrides.set(peer.id, { weight }, by));
      return `has set the weight of ${name} to ${weight}`;
    }
    case 'drain':
      await inRegistry(overrides.set(peer.id, { state: 'draining' }, by));
      return `has set ${name} to draining`;
    case 'eject':
      if (balancer.pool.eject(peer, `operator ${by}`, now(), Infinity)) return `has set ${name} aside here`;
      throw new ActionError(
        409,
        `${name} cannot be set aside: it is out already, takes no work, or too few would be left`,
      );
    case 'restore': {
      const restored = balancer.pool.restore(peer, now());
      const undrained = peer.endpoint.overridden?.state !== undefined;
      if (undrained) await inRegistry(overrides.clear(peer.id, ['state']));
      if (restored || undrained) return `has ${name} take requests again`;
      throw new ActionError(409, `${name} is neither set aside nor drained by an operator`);
    }
    default:
      throw action satisfies never;
  }
}

function find({ pool }: Pick<Balancer, 'pool'>, id: string): Peer {
  for (const peer of pool.peers) if (peer.id === id) return peer;
  throw new ActionError(404, `There is no provider with the id ${id}`);
}

async function inRegistry(writing: Promise<unknown>): Promise<void> {
  try {
    await writing;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ActionError(502, `The registry does not take it: ${message}`, { cause });
  }
}
