/** Numbers as people read them. `–` stands for what there is none of. */

/** @import { PeerSummary } from '../src/wire.ts' */

const none = '–';

/** @param {number | null} value */
export function rate(value) {
  if (value === null) return none;
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/** @param {number | null} value */
export function ms(value) {
  if (value === null) return none;
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** @param {number | null} share From 0 to 1. */
export function percent(share) {
  if (share === null) return none;
  // All but one of a million is not all.
  if (share > 0.9994 && share < 1) return '99.9';
  return (share * 100).toFixed(1).replace(/^100\.0$/, '100');
}

/** @param {number} value */
function weight(value) {
  return String(Math.round(value * 100) / 100);
}

/** @param {number | null} time In milliseconds. */
export function duration(time) {
  if (time === null) return none;
  const seconds = time / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 120) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`;
}

/** @param {number} at */
export function clock(at) {
  return new Date(at).toTimeString().slice(0, 8);
}

/** @param {number} count @param {string} one @param {string} [several] */
export function plural(count, one, several = `${one}s`) {
  return `${count} ${count === 1 ? one : several}`;
}

/** @param {PeerSummary} peer */
export function weights({ weight: set, effectiveWeight }) {
  const effective = weight(effectiveWeight);
  return weight(set) === effective ? effective : `${weight(set)} → ${effective}`;
}

/** @param {{ inFlight: number, limit: number | null }} peer */
export function inFlight({ inFlight: used, limit }) {
  return limit === null ? String(used) : `${used} / ${limit}`;
}

/** @param {PeerSummary} peer */
export function shares({ share, weightShare }) {
  return `${percent(share)} of ${percent(weightShare)}`;
}

/**
 * A lease shows as the key that lives by it: held for as long as we have seen it, or gone.
 * @param {PeerSummary} peer
 */
export function lease({ state, upMs, knownMs }) {
  return state === 'suspect' ? 'gone' : `held ${duration(upMs ?? knownMs)}`;
}

/** @param {PeerSummary} peer */
export function failures({ failures: byReason }) {
  return Object.entries(byReason)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
}

/** @param {PeerSummary} peer */
export function stateDetail({ ejection, overrides, failedInARow }) {
  const parts = overrides.map(({ field, to, by }) => `${field} ${to}, set by ${by}`);
  if (ejection !== null) {
    const back = ejection.leftMs === null ? 'until restored' : `tried again in ${duration(ejection.leftMs)}`;
    parts.unshift(`${ejection.reason}, ${back}`);
  } else if (failedInARow > 0) {
    parts.unshift(failedInARow === 1 ? 'the last attempt failed' : `the last ${failedInARow} attempts failed`);
  }
  return parts.join('; ');
}
