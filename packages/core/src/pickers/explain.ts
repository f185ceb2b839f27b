import type { Peer } from '../peer.ts';
import type { PickCandidate, PickContext } from '../policy.ts';

/** Why a picker that looked for an open peer found none. */
export const noneOpen = 'none open';

/** Fills the trace of `context`, if it has one, with why `picked` was; `cost` says what a peer cost, by its load unless given. */
export function explain(
  context: PickContext,
  reason: string,
  picked: Peer | undefined,
  others?: readonly Peer[],
  cost?: (peer: Peer) => number,
): void {
  if (context.trace === undefined) return;
  const candidate = (peer: Peer): PickCandidate => {
    return { peer, cost: cost === undefined ? peer.load.cost(context.now, peer.relativeWeight) : cost(peer) };
  };
  context.trace.reason = picked === undefined ? noneOpen : reason;
  context.trace.candidates = picked === undefined ? [] : [picked, ...(others ?? [])].map(candidate);
}
