/** The row of figures at the top, and the banners above it. */

/** @import { ConsumerState } from '../src/wire.ts' */
import { find, html, setAttribute, setText } from './dom.js';
import { duration, ms, percent, plural, rate } from './format.js';

/** @param {string} name */
const field = (name) => find(`[data-field="${name}"]`, HTMLElement);

/**
 * @param {string} name
 * @param {string} text
 * @param {'bad' | 'warn'} [mood]
 */
function show(name, text, mood) {
  const node = field(name);
  setText(node, text);
  setAttribute(node, 'data-mood', mood);
}

/** @param {ConsumerState} state */
export function showFigures(state) {
  const { requests, retryBudget, registry, peers } = state;
  document.title = `${state.service} · lb`;
  show('service', state.service);
  show('policy', state.policy);
  show('perSecond', rate(requests.perSecond));
  show(
    'success',
    requests.successShare === null ? '–' : `${percent(requests.successShare)} %`,
    requests.failed > 0 ? 'bad' : undefined,
  );
  show('failed', requests.failed === 0 ? 'none failed' : `${requests.failed} failed`);
  show('p50', ms(requests.p50Ms));
  show('p90', ms(requests.p90Ms));
  show('p99', ms(requests.p99Ms));
  show('inFlight', String(requests.inFlight));
  show('queued', requests.queued === 0 ? '' : `${requests.queued} waiting`);
  show('retries', rate(requests.retries / state.windowSeconds), requests.retries > 0 ? 'warn' : undefined);
  show('budget', `a second · budget ${Math.round(retryBudget.share * 100)} %`);
  const available = state.candidates - state.ejected;
  show('available', String(available), state.tier === 'available' ? undefined : 'bad');
  show('listed', available === peers.length ? 'all available' : `of ${peers.length} available`);
  show(
    'revision',
    registry.revision < 0 ? '–' : String(registry.revision),
    registry.stale === false ? undefined : 'warn',
  );
  show(
    'registryAge',
    registry.ageMs === null ? 'nothing heard yet' : `revision, heard ${duration(registry.ageMs)} ago`,
  );
}

/**
 * @param {ConsumerState | undefined} state
 * @param {number | undefined} cutOffMs How long there has been no word from the consumer.
 */
export function showBanners(state, cutOffMs) {
  /** @type {[name: string, mood: string, text: string][]} */
  const banners = [];
  if (cutOffMs !== undefined) {
    banners.push(['link', 'bad', `No word from the consumer for ${duration(cutOffMs)}: this is what was true then`]);
  }
  if (state !== undefined) {
    const { registry, tier, peers } = state;
    if (registry.stale !== false) {
      const since = registry.ageMs === null ? 'not reached yet' : `last heard ${duration(registry.ageMs)} ago`;
      const left =
        registry.revision < 0
          ? 'No list yet'
          : `Running on the last good list: revision ${registry.revision}, ${plural(peers.length, 'provider')}`;
      banners.push([
        'registry',
        'warn',
        `The registry at ${registry.host} cannot be followed (${registry.stale}), ${since}. ${left}`,
      ]);
    } else if (registry.overridesStale) {
      banners.push(['overrides', 'warn', `What operators set cannot be followed (${registry.overridesStale})`]);
    }
    if (tier === 'panic')
      banners.push(['tier', 'bad', 'Too few providers are available: all are used, whatever their health']);
    if (tier === 'last-resort')
      banners.push(['tier', 'bad', 'No provider serves: those that drain, or have no weight, are used']);
    if (tier === 'none' && registry.revision >= 0) {
      banners.push(['tier', 'bad', `The registry at ${registry.host} lists no provider of ${state.service}`]);
    }
  }
  const place = find('.banners', HTMLElement);
  for (const old of place.querySelectorAll('[data-banner]')) {
    if (!banners.some(([name]) => name === old.getAttribute('data-banner'))) old.remove();
  }
  for (const [name, mood, text] of banners) {
    let banner = place.querySelector(`[data-banner="${name}"]`);
    if (banner === null) place.append((banner = html('p', { 'data-banner': name })));
    setAttribute(banner, 'class', `banner ${mood}`);
    setText(banner, text);
  }
}
