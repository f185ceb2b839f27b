/**
 * The table of providers.
 *
 * A few are one list in the order of their names. Many are in groups that can be opened, with those in trouble in a group of their own before
 * all others, so that a thousand fit on a screen and what matters is on it. Only rows that can be seen exist. Rows do not move under
 * the pointer or the focus: what is sorted by a figure that changes is sorted anew only when nobody is at it.
 */

/** @import { ConsumerState, PeerSummary } from '../src/wire.ts' */
/** @import { Group, Grouping } from './groups.js' */
import { arrange, find, html, setAttribute, setText } from './dom.js';
import { percent, plural, rate } from './format.js';
import { fittingGrouping, groupPeers, isTroubled, severity, stateOf, states, summarize } from './groups.js';
import { columns, Row } from './row.js';

const rowsAtOnce = 50;
/** Up to as many rows all groups are open from the start. */
const openUpTo = 24;
const troubleKey = 'trouble';

const chosen = {
  search: '',
  /** @type {Set<string>} None for all. */
  states: new Set(),
  /** @type {Grouping | 'auto'} */
  grouping: 'auto',
  sort: { column: 'name', descending: false },
};

/** @type {Map<string, Row>} */
const rows = new Map();
/** @type {Map<string, Section>} */
const sections = new Map();
/** Ids in the order in which they are shown. @type {Map<string, number>} */
let order = new Map();
/** @type {string} */
let orderKey = '';

/** @type {ConsumerState | undefined} */
let shown;
/** @type {((peer: PeerSummary) => void) | undefined} */
let onAct;

/** @param {((peer: PeerSummary) => void) | undefined} act What the rows' buttons do; without it there are none. */
export function setAct(act) {
  if ((act === undefined) === (onAct === undefined)) return;
  onAct = act;
  rows.clear();
  head().replaceChildren();
  if (shown !== undefined) showProviders(shown);
}

export function startProviders() {
  table();
  const search = find('[data-tool="search"]', HTMLInputElement);
  search.addEventListener('input', () => {
    chosen.search = search.value.trim().toLowerCase();
    again();
  });
  const group = find('[data-tool="group"]', HTMLSelectElement);
  group.addEventListener('change', () => {
    const { value } = group;
    chosen.grouping = value === 'none' || value === 'zone' || value === 'state' ? value : 'auto';
    again();
  });
}

/** @param {ConsumerState} state */
export function showProviders(state) {
  shown = state;
  showHead();
  showChips(state.peers);
  const matching = state.peers.filter(matches);
  sort(matching);
  const byOrder = matching.toSorted((one, other) => (order.get(one.id) ?? 0) - (order.get(other.id) ?? 0));
  const grouping = chosen.grouping === 'auto' ? fittingGrouping(matching) : chosen.grouping;
  const groups = arrangeGroups(byOrder, grouping);
  const mostShare = Math.max(...matching.map(({ share, weightShare }) => Math.max(share ?? 0, weightShare)), 0);

  const seen = new Set();
  for (const group of groups) {
    let section = sections.get(group.key);
    if (section === undefined) {
      const isOpen =
        group.key === troubleKey || matching.length <= openUpTo || groups.length === 1 || chosen.search !== '';
      sections.set(group.key, (section = new Section(isOpen, again)));
    }
    for (const { id } of section.show(group, groups.length > 1, (peer) => rowOf(peer, mostShare))) seen.add(id);
  }
  for (const [key, section] of sections) {
    if (groups.some((group) => group.key === key)) continue;
    section.root.remove();
    sections.delete(key);
  }
  for (const id of rows.keys()) if (!seen.has(id)) rows.delete(id);
  const inOrder = groups.map(({ key }) => sections.get(key)?.root).filter((root) => root !== undefined);
  arrange(table(), [...table().querySelectorAll('caption, thead'), ...inOrder]);

  const all = state.peers.length;
  const text = matching.length === all ? plural(all, 'provider') : `${matching.length} of ${plural(all, 'provider')}`;
  setText(find('[data-field="shown"]', HTMLElement), all === 0 ? 'No providers are listed yet' : text);
}

function again() {
  orderKey = '';
  if (shown !== undefined) showProviders(shown);
}

/** @param {PeerSummary} peer */
function matches(peer) {
  const { id, name, origin, zone, version } = peer;
  const state = stateOf(peer);
  if (chosen.states.size > 0 && !chosen.states.has(state)) return false;
  return (
    chosen.search === '' ||
    [id, name, origin, zone, version, state].some((part) => part?.toLowerCase().includes(chosen.search))
  );
}

/**
 * @param {readonly PeerSummary[]} peers
 * @param {Grouping} grouping
 * @returns {Group[]}
 */
function arrangeGroups(peers, grouping) {
  if (grouping !== 'zone') return groupPeers(peers, grouping);
  const troubled = peers.filter(isTroubled);
  const groups = groupPeers(
    peers.filter((peer) => !isTroubled(peer)),
    grouping,
  );
  if (troubled.length > 0) groups.unshift({ key: troubleKey, title: 'In trouble', peers: troubled });
  return groups;
}

/**
 * Finds the order anew when there is another set of providers or another wish, or, sorted by what changes all the time, when nobody is at it.
 * @param {readonly PeerSummary[]} peers
 */
function sort(peers) {
  const { column, descending } = chosen.sort;
  const found = columns.find(({ id }) => id === column);
  if (found === undefined) return;
  const key = `${column} ${descending} ${peers.map((peer) => `${peer.id}${stateOf(peer)}`).join()}`;
  const isLive = column !== 'name' && column !== 'weight';
  const isTouched = table().matches(':hover, :focus-within');
  if (key === orderKey && (!isLive || isTouched)) return;
  orderKey = key;
  const compare = (/** @type {PeerSummary} */ one, /** @type {PeerSummary} */ other) => {
    const [a, b] = [found.by(one), found.by(other)];
    const byFigure =
      typeof a === 'string' && typeof b === 'string'
        ? a.localeCompare(b, undefined, { numeric: true })
        : Number(a) - Number(b);
    return (descending ? -byFigure : byFigure) || severity(one) - severity(other) || (one.id < other.id ? -1 : 1);
  };
  order = new Map(peers.toSorted(compare).map(({ id }, index) => [id, index]));
}

/**
 * @param {PeerSummary} peer
 * @param {number} mostShare
 */
function rowOf(peer, mostShare) {
  let row = rows.get(peer.id);
  if (row === undefined) rows.set(peer.id, (row = new Row(peer, onAct)));
  row.show(peer, mostShare);
  return row;
}

/** @type {HTMLTableElement | undefined} */
let made;

function table() {
  if (made === undefined) {
    made = html('table', { role: 'table', 'aria-labelledby': 'providers-title' }, html('thead', { role: 'rowgroup' }));
    find('[data-view="providers"]', HTMLElement).append(made);
  }
  return made;
}

function head() {
  return find('thead', HTMLTableSectionElement, table());
}

function showHead() {
  if (head().childElementCount === 0) {
    const cells = columns.map(({ id, title, hint, numeric }) => {
      const button = html('button', { type: 'button', title: hint }, title);
      button.addEventListener('click', () => {
        const { column, descending } = chosen.sort;
        chosen.sort = { column: id, descending: column === id ? !descending : numeric === true };
        again();
      });
      return html(
        'th',
        { scope: 'col', role: 'columnheader', 'data-column': id, ...(numeric && { class: 'numeric' }) },
        button,
      );
    });
    if (onAct !== undefined)
      cells.push(html('th', { scope: 'col', role: 'columnheader' }, html('span', { class: 'unseen' }, 'Actions')));
    head().replaceChildren(html('tr', { role: 'row' }, ...cells));
  }
  for (const cell of head().querySelectorAll('[data-column]')) {
    const { column, descending } = chosen.sort;
    const sorted = cell.getAttribute('data-column') !== column ? 'none' : descending ? 'descending' : 'ascending';
    setAttribute(cell, 'aria-sort', sorted);
  }
}

/** @type {Map<string, { chip: HTMLButtonElement, count: HTMLElement }>} */
const chips = new Map();

/** @param {readonly PeerSummary[]} peers */
function showChips(peers) {
  for (const state of states) {
    const count = peers.filter((peer) => stateOf(peer) === state).length;
    let parts = chips.get(state);
    if (parts === undefined) {
      if (count === 0) continue;
      const number = html('span');
      const chip = html(
        'button',
        { type: 'button', class: `chip state-${state}`, 'aria-pressed': 'false' },
        `${state} `,
        number,
      );
      chip.addEventListener('click', () => {
        if (!chosen.states.delete(state)) chosen.states.add(state);
        setAttribute(chip, 'aria-pressed', String(chosen.states.has(state)));
        again();
      });
      chips.set(state, (parts = { chip, count: number }));
    }
    setText(parts.count, String(count));
  }
  const shownChips = states.flatMap((state) => {
    const parts = chips.get(state);
    // One that is pressed stays, or nobody could release it.
    return parts === undefined || (parts.count.textContent === '0' && !chosen.states.has(state)) ? [] : [parts.chip];
  });
  arrange(find('[data-view="states"]', HTMLElement), shownChips);
}

/** A group of rows that can be opened. */
class Section {
  root = html('tbody', { role: 'rowgroup' });
  #isOpen;
  #limit = rowsAtOnce;
  #again;
  #button = html('button', { type: 'button', class: 'group' });
  #title = html('b');
  #summary = html('span');
  #head;
  #more = html('button', { type: 'button' });
  #moreRow;

  /** @param {boolean} isOpen @param {() => void} shownAgain */
  constructor(isOpen, shownAgain) {
    this.#isOpen = isOpen;
    this.#again = shownAgain;
    const span = String(columns.length + 1);
    this.#button.append(this.#title, ' ', this.#summary);
    this.#head = html(
      'tr',
      { role: 'row', class: 'group' },
      html('th', { colspan: span, scope: 'rowgroup', role: 'rowheader' }, this.#button),
    );
    this.#moreRow = html('tr', { role: 'row', class: 'more' }, html('td', { colspan: span, role: 'cell' }, this.#more));
    this.#button.addEventListener('click', () => {
      this.#isOpen = !this.#isOpen;
      this.#again();
    });
    this.#more.addEventListener('click', () => {
      this.#limit += rowsAtOnce;
      this.#again();
    });
  }

  /**
   * @param {Group} group
   * @param {boolean} isOneOfSeveral
   * @param {(peer: PeerSummary) => Row} row
   * @returns {readonly PeerSummary[]} Those that are shown.
   */
  show({ title, peers }, isOneOfSeveral, row) {
    const isOpen = this.#isOpen || !isOneOfSeveral;
    const seen = isOpen ? peers.slice(0, this.#limit) : [];
    const { worst, troubled, perSecond, share, weightShare, failed } = summarize(peers);
    setAttribute(this.#button, 'aria-expanded', String(isOpen));
    setAttribute(this.#head, 'class', `group state-${worst}`);
    setText(this.#title, title);
    const parts = [
      plural(peers.length, 'provider'),
      `${rate(perSecond)} req/s`,
      `${percent(share)} of ${percent(weightShare)} %`,
    ];
    if (failed > 0) parts.push(`${failed} failed`);
    if (troubled > 0 && troubled < peers.length) parts.push(`${troubled} in trouble`);
    setText(this.#summary, parts.join(' · '));
    const left = isOpen ? peers.length - seen.length : 0;
    setText(this.#more, `Show ${Math.min(left, rowsAtOnce)} more of ${left}`);
    arrange(this.root, [
      ...(isOneOfSeveral ? [this.#head] : []),
      ...seen.map((peer) => row(peer).root),
      ...(left > 0 ? [this.#moreRow] : []),
    ]);
    return seen;
  }
}
