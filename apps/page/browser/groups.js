/** Many providers as a few groups. */

/** @import { PeerSummary } from '../src/wire.ts' */

/**
 * @typedef {'none' | 'zone' | 'state'} Grouping
 * @typedef {object} Group
 * @property {string} key
 * @property {string} title
 * @property {readonly PeerSummary[]} peers
 */

/**
 * As the page shows it: what the pool says, or `failing` for one that is picked from, and whose last attempts have failed. A policy that
 * avoids a provider after its first failure never asks it as often as it takes to set it aside.
 * @typedef {PeerSummary['state'] | 'failing'} State
 */

/**
 * States from the one to look at first.
 * @type {readonly State[]}
 */
export const states = ['ejected', 'probing', 'failing', 'suspect', 'draining', 'warming', 'serving'];
const troubled = states.slice(0, states.indexOf('draining'));

/**
 * @param {PeerSummary} peer
 * @returns {State}
 */
export function stateOf({ state, failedInARow }) {
  return failedInARow > 0 && (state === 'serving' || state === 'warming') ? 'failing' : state;
}

/** @param {PeerSummary} peer */
export const severity = (peer) => states.indexOf(stateOf(peer));

/** @param {PeerSummary} peer */
export const isTroubled = (peer) => troubled.includes(stateOf(peer));

/**
 * How to group where nobody has chosen: not at all while one screen holds them, else by zone if they are in several.
 * @param {readonly PeerSummary[]} peers
 * @returns {Grouping}
 */
export function fittingGrouping(peers) {
  if (peers.length <= 24) return 'none';
  return new Set(peers.map(({ zone }) => zone)).size > 1 ? 'zone' : 'state';
}

/**
 * @param {readonly PeerSummary[]} peers
 * @param {Grouping} by
 * @returns {Group[]} In an order that does not depend on what goes on.
 */
export function groupPeers(peers, by) {
  if (by === 'none') return [{ key: 'all', title: 'All', peers }];
  const found = Map.groupBy(peers, (peer) => (by === 'zone' ? (peer.zone ?? 'no zone') : stateOf(peer)));
  const groups = Array.from(found, ([title, members]) => ({ key: `${by} ${title}`, title, peers: members }));
  return groups.toSorted((one, other) => place(one) - place(other) || (one.title < other.title ? -1 : 1));
}

/** @param {Group} group */
function place({ title }) {
  return states.findIndex((state) => state === title);
}

/** @param {readonly PeerSummary[]} peers */
export function summarize(peers) {
  const sum = (/** @type {(peer: PeerSummary) => number} */ value) =>
    peers.reduce((total, peer) => total + value(peer), 0);
  const [worst = 'serving'] = peers.toSorted((one, other) => severity(one) - severity(other)).map(stateOf);
  return {
    worst,
    troubled: peers.filter(isTroubled).length,
    perSecond: sum(({ perSecond }) => perSecond),
    share: peers.some(({ share }) => share !== null) ? sum(({ share }) => share ?? 0) : null,
    weightShare: sum(({ weightShare }) => weightShare),
    inFlight: sum(({ inFlight }) => inFlight),
    limit: peers.every(({ limit }) => limit !== null) ? sum(({ limit }) => limit ?? 0) : null,
    failed: sum(({ failed }) => failed),
  };
}
