/** Why a peer is set aside, and until when. Replaced, never changed, so that a page or an event may keep it. */
export interface Ejection {
  /** The detector that asked for it: `consecutive-local`, `failure-share` …, or what was given to `PeerPool.eject`. */
  readonly reason: string;
  /** When it began, on the pool's clock. A probe that fails prolongs an ejection; it does not begin another. */
  readonly since: number;
  /** When the next probe is due; Infinity when only whoever set it aside brings it back. */
  readonly until: number;
  /** How often in a row the peer was set aside, which is what the time out grows with. At least 1. */
  readonly count: number;
  /** Whether a probe is under way: one request, whose outcome decides. */
  readonly probing: boolean;
}
