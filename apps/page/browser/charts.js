/** Requests by provider, latency, and what is in flight, over the last five minutes. One cursor goes through all of them. */

/** @import { Series } from './series.js' */
import { colourOf } from './colours.js';
import { arrange, find, html, setAttribute, setText, svg } from './dom.js';
import { ms, rate } from './format.js';

const height = 100;
/** Bands that can be told apart; the rest are one. */
const maxBands = 8;

/**
 * @typedef {object} Band
 * @property {string} name
 * @property {string} colour
 * @property {readonly (number | null)[]} values
 */

/** What the cursor is on, in seconds before the last; `undefined` when nobody asks. */
/** @type {number | undefined} */
let cursor;
/** @type {Series | undefined} */
let shown;

/** @type {{ requests: Chart, latency: Chart, inFlight: Chart, all: readonly Chart[] } | undefined} */
let charts;

/** @param {Series} series */
export function showCharts(series) {
  shown = series;
  charts ??= start();
  const { requests, latency, inFlight } = charts;
  requests.stack(bandsOf(series), rate, { name: 'failed', colour: 'failed', values: series.lists.failed });
  latency.lines(
    [
      { name: 'p50', colour: 'series-0', values: series.lists.p50Ms },
      { name: 'p99', colour: 'series-1', values: series.lists.p99Ms },
    ],
    ms,
  );
  inFlight.lines([{ name: 'in flight', colour: 'series-2', values: series.lists.inFlight }], (value) =>
    String(value ?? '–'),
  );
  showCursor();
}

/**
 * What went to each provider, all runs of one under its name; of more than can be told apart, to each zone, or to the busiest.
 * @param {Series} series
 * @returns {Band[]}
 */
function bandsOf({ peers, zones, others, length }) {
  const byName = sumByName(peers.values());
  const all = byName.length > maxBands && zones.size > 1 ? sumByName(zones.values()) : byName;
  const busiest = all.toSorted((one, other) => total(other.values) - total(one.values)).slice(0, maxBands);
  const bands = all.filter((band) => busiest.includes(band));
  const rest = all.filter((band) => !busiest.includes(band));
  if (all === byName && (rest.length > 0 || total(others) > 0)) {
    const values = others.map((count, index) => rest.reduce((sum, band) => sum + (band.values[index] ?? 0), count));
    bands.push({ name: 'others', colour: 'series-other', values });
  }
  return bands.length > 0 ? bands : [{ name: 'none', colour: 'series-other', values: Array.from({ length }, () => 0) }];
}

/**
 * @param {Iterable<{ name: string, counts: readonly number[] }>} series
 * @returns {{ name: string, colour: string, values: readonly number[] }[]} In the order of their names.
 */
function sumByName(series) {
  /** @type {Map<string, readonly number[]>} */
  const sums = new Map();
  for (const { name, counts } of series) {
    const before = sums.get(name);
    sums.set(name, before === undefined ? counts : before.map((count, index) => count + (counts[index] ?? 0)));
  }
  const bands = Array.from(sums, ([name, values]) => ({ name, colour: colourOf(name), values }));
  return bands.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * @param {Band} band
 * @param {(value: number) => string} scale
 */
function linePath({ values, colour }, scale) {
  let path = '';
  let isPen = false;
  for (const [x, value] of values.entries()) {
    if (value !== null) path += `${isPen ? 'L' : 'M'}${x} ${scale(value)}`;
    isPen = value !== null;
  }
  return svg('path', { class: `line ${colour}`, d: path });
}

/** @param {readonly number[]} counts */
function total(counts) {
  return counts.reduce((sum, count) => sum + count, 0);
}

class Chart {
  root = html('figure', { class: 'chart', tabindex: '0', role: 'img' });
  #title;
  #unit;
  #readout = html('span', { class: 'readout' });
  #top = html('span', { class: 'tick' });
  #svg = svg('svg', { preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  #line = svg('line', { class: 'cursor', y1: 0, y2: height, display: 'none' });
  #legend = html('p', { class: 'legend' });
  /** @type {readonly Band[]} */
  #bands = [];
  /** @type {(value: number | null) => string} */
  #format = String;

  /** @param {string} title @param {string} unit */
  constructor(title, unit) {
    this.#title = title;
    this.#unit = unit;
    this.root.append(
      html('figcaption', {}, html('b', {}, title), ' ', html('small', {}, unit), this.#readout),
      html('div', { class: 'plot' }, this.#svg, this.#top),
      html('p', { class: 'axis', 'aria-hidden': 'true' }, html('span', {}, '5 min ago'), html('span', {}, 'now')),
      this.#legend,
    );
  }

  get plot() {
    return this.#svg;
  }

  /**
   * @param {readonly Band[]} bands
   * @param {(value: number | null) => string} format
   * @param {Band} over A line in front of them, left out where it is all zero.
   */
  stack(bands, format, over) {
    const length = bands[0]?.values.length ?? 1;
    /** @type {number[][]} */
    const tops = [];
    let below = Array.from({ length }, () => 0);
    for (const { values } of bands) {
      below = below.map((base, index) => base + (values[index] ?? 0));
      tops.push(below);
    }
    const scale = this.#scale(Math.max(...below, ...over.values.map((value) => value ?? 0)), length);
    const paths = tops.map((top, index) => {
      const base = tops[index - 1] ?? top.map(() => 0);
      const up = top.map((value, x) => `${x} ${scale(value)}`);
      const down = base.map((value, x) => `${x} ${scale(value)}`).toReversed();
      return svg('path', { class: `area ${bands[index]?.colour ?? ''}`, d: `M${up.join('L')}L${down.join('L')}Z` });
    });
    const isOver = over.values.some((value) => value !== null && value > 0);
    if (isOver) paths.push(linePath(over, scale));
    this.#draw(isOver ? [...bands, over] : bands, format, paths);
  }

  /** @param {readonly Band[]} bands @param {(value: number | null) => string} format */
  lines(bands, format) {
    const length = bands[0]?.values.length ?? 1;
    const scale = this.#scale(Math.max(0, ...bands.flatMap(({ values }) => values.map((value) => value ?? 0))), length);
    this.#draw(
      bands,
      format,
      bands.map((band) => linePath(band, scale)),
    );
  }

  /** @param {number} index */
  readAt(index) {
    const ago = (this.#bands[0]?.values.length ?? 1) - 1 - index;
    const values = this.#bands.map(({ name, values: list }) => `${name} ${this.#format(list[index] ?? null)}`);
    setText(this.#readout, `${ago} s ago: ${values.join(' · ')}`);
    for (const end of ['x1', 'x2']) setAttribute(this.#line, end, index);
    setAttribute(this.#line, 'display', undefined);
  }

  readNow() {
    const values = this.#bands.map(({ name, values: list }) => `${name} ${this.#format(list.at(-1) ?? null)}`);
    setText(this.#readout, '');
    setAttribute(this.#line, 'display', 'none');
    setAttribute(this.root, 'aria-label', `${this.#title}, ${this.#unit}, in the last second: ${values.join(', ')}`);
  }

  /** @param {number} most @param {number} length */
  #scale(most, length) {
    const top = niceAbove(most);
    setText(this.#top, this.#unit === 'ms' ? `${top} ms` : String(top));
    setAttribute(this.#svg, 'viewBox', `0 0 ${Math.max(1, length - 1)} ${height}`);
    return (/** @type {number} */ value) => (height - (value / top) * height).toFixed(1);
  }

  /** @param {readonly Band[]} bands @param {(value: number | null) => string} format @param {readonly SVGPathElement[]} paths */
  #draw(bands, format, paths) {
    this.#bands = bands;
    this.#format = format;
    arrange(this.#svg, [...paths, this.#line]);
    if (bands.length < 2) return;
    const key = bands.map(({ name, colour }) => `${name} ${colour}`).join();
    if (this.#legend.dataset['key'] === key) return;
    this.#legend.dataset['key'] = key;
    this.#legend.replaceChildren(
      ...bands.map(({ name, colour }) => html('span', {}, html('i', { class: `dot ${colour}` }), name)),
    );
  }
}

function start() {
  const requests = new Chart('Requests', 'attempts a second, by where they went');
  const latency = new Chart('Latency', 'ms');
  const inFlight = new Chart('In flight', 'at once');
  const all = [requests, latency, inFlight];
  find('[data-view="charts"]', HTMLElement).append(...all.map(({ root }) => root));
  for (const { root, plot } of all) {
    plot.addEventListener('pointermove', (event) => {
      const { left, width } = plot.getBoundingClientRect();
      moveTo(Math.round((1 - (event.clientX - left) / width) * ((shown?.length ?? 1) - 1)));
    });
    plot.addEventListener('pointerleave', () => moveTo(undefined));
    root.addEventListener('blur', () => moveTo(undefined));
    root.addEventListener('keydown', ({ key }) => {
      const step = { ArrowLeft: 1, ArrowRight: -1, PageUp: 10, PageDown: -10 }[key];
      if (step !== undefined) moveTo((cursor ?? 0) + step);
    });
  }
  return { requests, latency, inFlight, all };
}

/** @param {number | undefined} ago */
function moveTo(ago) {
  cursor = ago === undefined ? undefined : Math.max(0, Math.min((shown?.length ?? 1) - 1, ago));
  showCursor();
}

function showCursor() {
  for (const chart of charts?.all ?? []) {
    if (cursor === undefined) chart.readNow();
    else chart.readAt((shown?.length ?? 1) - 1 - cursor);
  }
}

/**
 * The next of 1, 2, 5, 10, 20 … above `value`.
 * @param {number} value
 */
function niceAbove(value) {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  const factor = [1, 2, 5].find((step) => step * magnitude >= value) ?? 10;
  return factor * magnitude;
}
