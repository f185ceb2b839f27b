/** One provider as a row of the table: made once, then only written where something has changed. */

/** @import { PeerSummary } from '../src/wire.ts' */
import { colourOf } from './colours.js';
import { html, setAttribute, setText } from './dom.js';
import { failures, inFlight, lease, ms, rate, shares, stateDetail, weights } from './format.js';
import { stateOf } from './groups.js';

/**
 * The columns: what each shows, how it is sorted, and what it means. Their ids are the `data-cell` of the cells.
 * @type {readonly { id: string, title: string, hint: string, by: (peer: PeerSummary) => number | string, numeric?: true }[]}
 */
export const columns = [
  { id: 'name', title: 'Provider', hint: 'Name and address', by: ({ name }) => name },
  { id: 'state', title: 'State', hint: 'As this consumer sees it', by: stateOf },
  {
    id: 'weight',
    title: 'Weight',
    hint: 'As set, and what it gets now if that is less',
    by: ({ weight }) => weight,
    numeric: true,
  },
  {
    id: 'share',
    title: 'Share %',
    hint: 'Of attempts in the last ten seconds, and the share that its weight asks for',
    by: ({ share }) => share ?? -1,
    numeric: true,
  },
  { id: 'rate', title: 'Req/s', hint: 'Attempts a second', by: ({ perSecond }) => perSecond, numeric: true },
  {
    id: 'inFlight',
    title: 'In flight',
    hint: 'Now, and the most that this consumer sends at once',
    by: (peer) => peer.inFlight,
    numeric: true,
  },
  {
    id: 'p50',
    title: 'p50 ms',
    hint: 'Half of the answers came within this time',
    by: ({ p50Ms }) => p50Ms ?? -1,
    numeric: true,
  },
  {
    id: 'p99',
    title: 'p99 ms',
    hint: 'All but one of a hundred came within this time',
    by: ({ p99Ms }) => p99Ms ?? -1,
    numeric: true,
  },
  {
    id: 'failed',
    title: 'Failed',
    hint: 'Attempts in the last ten seconds, and in all',
    by: ({ failed }) => failed,
    numeric: true,
  },
  {
    id: 'ejections',
    title: 'Ejections',
    hint: 'How often it was set aside',
    by: (peer) => peer.ejections,
    numeric: true,
  },
  {
    id: 'lease',
    title: 'Lease',
    hint: 'How long it has held its key in the registry',
    by: ({ upMs, knownMs }) => upMs ?? knownMs,
    numeric: true,
  },
];

export class Row {
  /** @type {PeerSummary} */
  peer;
  root = html('tr', { role: 'row' });
  /** @type {Record<string, HTMLTableCellElement>} */
  #cells = {};
  #name = html('b');
  #swatch = html('i', { class: 'dot' });
  #where = html('small');
  #state = html('span', { class: 'badge' });
  #detail = html('small');
  #share = html('span');
  #asked = html('span', { class: 'bar asked' });
  #got = html('span', { class: 'bar got' });
  #used = html('span', { class: 'bar got' });
  #inFlight = html('span');

  /**
   * @param {PeerSummary} peer
   * @param {((peer: PeerSummary) => void) | undefined} onAct Called by its button; without it there is none.
   */
  constructor(peer, onAct) {
    this.peer = peer;
    setAttribute(this.root, 'data-peer', peer.id);
    for (const [index, { id, title, numeric }] of columns.entries()) {
      const attributes = { 'data-cell': id, 'data-title': title, ...(numeric && { class: 'numeric' }) };
      const cell =
        index === 0
          ? html('th', { scope: 'row', role: 'rowheader', ...attributes })
          : html('td', { role: 'cell', ...attributes });
      this.#cells[id] = cell;
      this.root.append(cell);
    }
    this.#cells['name']?.append(this.#swatch, this.#name, this.#where);
    this.#cells['state']?.append(this.#state, this.#detail);
    this.#cells['share']?.append(
      this.#share,
      html('span', { class: 'bars', 'aria-hidden': 'true' }, this.#got, this.#asked),
    );
    this.#cells['inFlight']?.append(this.#inFlight, html('span', { class: 'bars', 'aria-hidden': 'true' }, this.#used));
    if (onAct !== undefined) {
      const button = html('button', { type: 'button', 'aria-haspopup': 'dialog' }, 'Act …');
      button.addEventListener('click', () => onAct(this.peer));
      this.root.append(html('td', { role: 'cell', 'data-cell': 'act' }, button));
    }
    this.show(peer, 0);
  }

  /** @param {PeerSummary} peer @param {number} mostShare The largest share of any: what a full bar stands for. */
  show(peer, mostShare) {
    this.peer = peer;
    const state = stateOf(peer);
    setAttribute(this.root, 'class', `state-${state}`);
    setAttribute(this.#swatch, 'class', `dot ${colourOf(peer.name)}`);
    setText(this.#name, peer.name);
    setText(
      this.#where,
      [peer.origin.replace('http://', ''), peer.zone, peer.version].filter((part) => part !== null).join(' · '),
    );
    setAttribute(this.#where, 'title', peer.id);
    setText(this.#state, state);
    setText(this.#detail, stateDetail(peer));
    setText(this.#share, shares(peer));
    fill(this.#got, mostShare === 0 ? 0 : (peer.share ?? 0) / mostShare);
    fill(this.#asked, mostShare === 0 ? 0 : peer.weightShare / mostShare);
    setText(this.#inFlight, inFlight(peer));
    fill(this.#used, peer.limit === null || peer.limit === 0 ? 0 : peer.inFlight / peer.limit);
    this.#write('weight', weights(peer));
    this.#write('rate', rate(peer.perSecond));
    this.#write('p50', ms(peer.p50Ms));
    this.#write('p99', ms(peer.p99Ms));
    this.#write('failed', peer.failedTotal === 0 ? '0' : `${peer.failed} (${peer.failedTotal})`, failures(peer));
    this.#write('ejections', String(peer.ejections));
    this.#write('lease', lease(peer));
    setAttribute(this.#cells['failed'] ?? this.root, 'data-mood', peer.failed > 0 ? 'bad' : undefined);
    setAttribute(this.#cells['weight'] ?? this.root, 'data-mood', peer.overrides.length > 0 ? 'warn' : undefined);
  }

  /** @param {string} id @param {string} text @param {string} [title] */
  #write(id, text, title) {
    const cell = this.#cells[id];
    if (cell === undefined) return;
    setText(cell, text);
    setAttribute(cell, 'title', title || undefined);
  }
}

/** @param {HTMLElement} bar @param {number} share */
function fill(bar, share) {
  const width = `${(Math.min(1, share) * 100).toFixed(1)}%`;
  if (bar.style.width !== width) bar.style.width = width;
}
