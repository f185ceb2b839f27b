/**
 * The picture: the consumer, whom it sends to, and the registry where they find each other. The wider a line, the more goes along it.
 * With many providers each box is a group of them.
 */

/** @import { ConsumerState, PeerSummary } from '../src/wire.ts' */
import { colourOf } from './colours.js';
import { arrange, find, setAttribute, setText, svg } from './dom.js';
import { duration, inFlight, percent, plural, rate } from './format.js';
import { groupPeers, stateOf, summarize } from './groups.js';

const most = 8;
const boxHeight = 44;
const etcdSpace = 84;
const widest = 14;

/**
 * @typedef {ReturnType<typeof summarize> & { key: string, title: string, detail: string, colour: string }} Box
 * @typedef {object} Drawn
 * @property {SVGGElement} group
 * @property {SVGPathElement} edge
 * @property {SVGPathElement} lease
 * @property {SVGRectElement} box
 * @property {SVGRectElement} fill
 * @property {SVGRectElement} swatch
 * @property {SVGTextElement} title
 * @property {SVGTextElement} detail
 * @property {SVGTextElement} rate
 */

/** @type {Map<string, Drawn>} */
const drawn = new Map();

/** @type {{ root: SVGSVGElement, edges: SVGGElement, boxes: SVGGElement, consumer: ReturnType<typeof namedBox>, etcd: ReturnType<typeof namedBox>, watch: SVGPathElement } | undefined} */
let frame;

/** @param {ConsumerState} state */
export function showTopology(state) {
  const place = find('[data-view="topology"]', HTMLElement);
  frame ??= start(place);
  const { root, edges, boxes: boxLayer, consumer, etcd, watch } = frame;
  const boxes = boxesOf(state.peers);
  // Grows with the text around it.
  const scale = Number.parseFloat(getComputedStyle(place).fontSize) / 15;
  const width = Math.max(320, place.clientWidth / scale);
  const rows = Math.max(2, boxes.length);
  const rowHeight = rows <= 3 ? 76 : rows <= 5 ? 64 : 56;
  const height = etcdSpace + rows * rowHeight - (rowHeight - boxHeight) + 2;
  setAttribute(root, 'viewBox', `0 0 ${width} ${height}`);
  setAttribute(root, 'height', (height * scale).toFixed(0));
  setAttribute(root, 'aria-label', inWords(state, boxes));

  const boxWidth = Math.min(210, width * 0.44);
  const consumerWidth = Math.min(150, width * 0.28);
  const middle = etcdSpace + (height - etcdSpace) / 2;
  const etcdWidth = Math.min(190, width * 0.5);
  const etcdX = consumerWidth * 0.9 + (width - boxWidth - consumerWidth * 0.9 - etcdWidth) / 2;
  const etcdBottom = 4 + 46;

  consumer.place(2, middle - 28, consumerWidth, 56);
  setText(consumer.title, 'consumer');
  setText(consumer.detail, `${rate(state.requests.perSecond)} req/s`);
  etcd.place(etcdX, 4, etcdWidth, 46);
  const { registry } = state;
  const isStale = registry.stale !== false;
  setAttribute(etcd.group, 'class', isStale ? 'etcd stale' : 'etcd');
  setText(etcd.hint, `etcd at ${registry.host}`);
  setText(etcd.title, isStale ? 'etcd · stale' : 'etcd');
  setText(
    etcd.detail,
    registry.revision < 0 ? 'no list yet' : `revision ${registry.revision} · ${duration(registry.ageMs)} ago`,
  );
  const etcdMiddle = etcdX + etcdWidth / 2;
  const consumerMiddle = consumerWidth / 2;
  setAttribute(
    watch,
    'd',
    `M${consumerMiddle} ${middle - 28}C${consumerMiddle} ${etcdBottom} ${etcdX - 30} 27 ${etcdX} 27`,
  );
  setAttribute(watch, 'class', isStale ? 'lease stale' : 'lease');

  const busiest = Math.max(1e-9, ...boxes.map(({ perSecond }) => perSecond));
  for (const [key, { group, edge, lease }] of drawn) {
    if (boxes.some((box) => box.key === key)) continue;
    for (const node of [group, edge, lease]) node.remove();
    drawn.delete(key);
  }
  const x = width - boxWidth - 2;
  for (const [index, box] of boxes.entries()) {
    let parts = drawn.get(box.key);
    if (parts === undefined) drawn.set(box.key, (parts = drawBox()));
    const y = etcdSpace + index * rowHeight;
    const center = y + boxHeight / 2;
    const bend = consumerWidth + (x - consumerWidth) / 2;
    setAttribute(parts.edge, 'd', `M${consumerWidth + 2} ${middle}C${bend} ${middle} ${bend} ${center} ${x} ${center}`);
    setAttribute(
      parts.edge,
      'stroke-width',
      box.perSecond === 0 ? 1 : (1.5 + (widest - 1.5) * (box.perSecond / busiest)).toFixed(1),
    );
    setAttribute(parts.edge, 'class', `edge ${box.colour} ${box.perSecond === 0 ? 'idle' : ''} state-${box.worst}`);
    setAttribute(
      parts.lease,
      'd',
      `M${etcdMiddle} ${etcdBottom}C${etcdMiddle} ${center - 8} ${x - 40} ${center - 12} ${x} ${center - 12}`,
    );
    setAttribute(parts.lease, 'class', `lease ${isStale ? 'stale' : ''} ${box.worst === 'suspect' ? 'lost' : ''}`);
    setAttribute(parts.group, 'class', `box state-${box.worst}`);
    setAttribute(parts.group, 'transform', `translate(${x} ${y})`);
    setAttribute(parts.box, 'width', boxWidth);
    setAttribute(parts.swatch, 'class', `swatch ${box.colour}`);
    const fill = box.limit === null || box.limit === 0 ? 0 : Math.min(1, box.inFlight / box.limit);
    setAttribute(parts.fill, 'width', ((boxWidth - 2) * fill).toFixed(1));
    setAttribute(parts.rate, 'x', boxWidth - 10);
    setText(parts.title, box.title);
    setText(parts.detail, box.detail);
    setText(parts.rate, `${rate(box.perSecond)}/s · ${percent(box.share)} %`);
    // The title keeps clear of what stands at the other end of its line.
    setAttribute(parts.rate, 'y', boxWidth < 190 ? 36 : 19);
    setAttribute(parts.detail, 'display', boxWidth < 190 ? 'none' : 'inline');
  }
  const inOrder = boxes.map(({ key }) => drawn.get(key)).filter((parts) => parts !== undefined);
  arrange(edges, [watch, ...inOrder.map(({ lease }) => lease), ...inOrder.map(({ edge }) => edge)]);
  arrange(boxLayer, [consumer.group, etcd.group, ...inOrder.map(({ group }) => group)]);
}

/**
 * @param {readonly PeerSummary[]} peers
 * @returns {Box[]}
 */
function boxesOf(peers) {
  if (peers.length <= most) {
    const sorted = peers.toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
    return sorted.map((peer) => ({
      ...summarize([peer]),
      key: peer.id,
      title: peer.name,
      detail: `${stateOf(peer)} · ${inFlight(peer)} in flight`,
      colour: colourOf(peer.name),
    }));
  }
  const byZone = groupPeers(peers, 'zone');
  const groups = byZone.length > 1 ? byZone : groupPeers(peers, 'state');
  const rest = groups.slice(most - 1).flatMap((group) => group.peers);
  const shown =
    groups.length <= most ? groups : [...groups.slice(0, most - 1), { key: 'rest', title: 'other zones', peers: rest }];
  return shown.map(({ key, title, peers: members }) => {
    const summary = summarize(members);
    const trouble = summary.troubled === 0 ? '' : ` · ${summary.troubled} in trouble`;
    return {
      ...summary,
      // One of twenty-five that is set aside does not make a zone red.
      worst: summary.troubled * 2 >= members.length ? summary.worst : 'serving',
      key,
      title,
      detail: `${plural(members.length, 'provider')}${trouble}`,
      colour: colourOf(title),
    };
  });
}

/**
 * @param {ConsumerState} state
 * @param {readonly Box[]} boxes
 */
function inWords({ requests, registry }, boxes) {
  const parts = boxes.map(({ title, share, worst }) => `${title}, ${worst}, ${percent(share)} %`);
  const etcd = registry.stale === false ? `etcd at revision ${registry.revision}` : 'etcd, which cannot be followed';
  return `The consumer sends ${rate(requests.perSecond)} requests a second to ${parts.join('; ')}. It finds them through ${etcd}.`;
}

/** @param {HTMLElement} place */
function start(place) {
  const root = svg('svg', { role: 'img', width: '100%' });
  const edges = svg('g');
  const boxes = svg('g');
  const watch = svg('path', { class: 'lease' });
  root.append(edges, boxes);
  place.append(root);
  return { root, edges, boxes, watch, consumer: namedBox('consumer'), etcd: namedBox('etcd') };
}

/** @param {string} kind */
function namedBox(kind) {
  const rect = svg('rect', { rx: 8 });
  const title = svg('text', { class: 'title', 'text-anchor': 'middle' });
  const detail = svg('text', { class: 'detail', 'text-anchor': 'middle' });
  // What a browser shows of it to whoever points at it.
  const hint = svg('title');
  const group = svg('g', { class: kind }, hint, rect, title, detail);
  return {
    group,
    hint,
    title,
    detail,
    /** @param {number} x @param {number} y @param {number} width @param {number} height */
    place(x, y, width, height) {
      for (const [name, value] of Object.entries({ x, y, width, height })) setAttribute(rect, name, value);
      for (const text of [title, detail]) setAttribute(text, 'x', x + width / 2);
      setAttribute(title, 'y', y + height / 2 - 3);
      setAttribute(detail, 'y', y + height / 2 + 14);
    },
  };
}

/** @returns {Drawn} */
function drawBox() {
  const box = svg('rect', { height: boxHeight, rx: 8 });
  const fill = svg('rect', { class: 'fill', x: 1, y: boxHeight - 4, height: 3, rx: 1.5 });
  const swatch = svg('rect', { x: 0, y: 8, width: 4, height: boxHeight - 16, rx: 2 });
  const title = svg('text', { class: 'title', x: 12, y: 19 });
  const detail = svg('text', { class: 'detail', x: 12, y: 35 });
  const rateText = svg('text', { class: 'rate', y: 19, 'text-anchor': 'end' });
  return {
    group: svg('g', {}, box, fill, swatch, title, detail, rateText),
    edge: svg('path'),
    lease: svg('path', { class: 'lease' }),
    box,
    fill,
    swatch,
    title,
    detail,
    rate: rateText,
  };
}
