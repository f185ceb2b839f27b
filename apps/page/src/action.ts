/** What `POST /lb/actions` takes, with `authorization: Bearer …`. */
import type { policies } from '@lb/core';
import { type Static, Type } from 'typebox';

/** Those that can be made without being told anything. Sticky ones would send every key elsewhere, so they are left to settings. */
export const switchablePolicies = [
  'p2cLatency',
  'p2cPeakEwma',
  'p2c',
  'leastLoaded',
  'roundRobin',
  'smoothWeightedRoundRobin',
  'weightedRandom',
  'random',
] as const satisfies readonly (keyof typeof policies)[];

export type PolicyName = (typeof switchablePolicies)[number];

const PeerId = Type.String({ minLength: 1, maxLength: 512 });
export const Action = Type.Union([
  /** For all consumers, through the registry; `null` takes it back. */
  Type.Object({
    action: Type.Literal('weight'),
    peer: PeerId,
    weight: Type.Union([Type.Number({ minimum: 0, maximum: 1e6 }), Type.Null()]),
  }),
  /** For all consumers, through the registry. */
  Type.Object({ action: Type.Literal('drain'), peer: PeerId }),
  /** Sets aside here, until somebody restores it. */
  Type.Object({ action: Type.Literal('eject'), peer: PeerId }),
  /** Ends an ejection here, and takes back a drain by operators everywhere. */
  Type.Object({ action: Type.Literal('restore'), peer: PeerId }),
  /** Here, until the consumer is restarted. */
  Type.Object({ action: Type.Literal('policy'), policy: Type.Enum(switchablePolicies) }),
]);
export type Action = Static<typeof Action>;
