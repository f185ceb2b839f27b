/**
 * The page: listens to the consumer's events, and has each view show the newest state. A view writes what has changed and nothing else.
 */

/** @import { ConsumerState, History, LogEntry } from '../src/wire.ts' */
import { showCharts } from './charts.js';
import { find, setAttribute, setText } from './dom.js';
import { showBanners, showFigures } from './figures.js';
import { showEntry } from './log.js';
import { showOperator, startOperator } from './operator.js';
import { showProviders, startProviders } from './providers.js';
import { Series } from './series.js';
import { startTheme } from './theme.js';
import { showTopology } from './topology.js';

/** Longer without a state than this, and what is shown is said to be old. States come once a second. */
const patienceMs = 2500;

/** @type {ConsumerState | undefined} */
let state;
/** @type {Series | undefined} */
let series;
let isFetching = false;
let heardAt = performance.now();
let isPaused = false;

startTheme();
startProviders();
startOperator();

const events = new EventSource('events');
events.addEventListener('state', ({ data }) => {
  /** @type {ConsumerState} */
  const heard = JSON.parse(data);
  state = heard;
  heardAt = performance.now();
  if (series === undefined || !series.add(heard)) void fetchHistory();
  if (!isPaused) show();
});
// Where states take long to make, the consumer says this between them.
events.addEventListener('alive', () => {
  heardAt = performance.now();
});
events.addEventListener('log', ({ data }) => {
  /** @type {LogEntry} */
  const entry = JSON.parse(data);
  showEntry(entry);
});

find('[data-tool="pause"]', HTMLButtonElement).addEventListener('click', ({ currentTarget }) => {
  isPaused = !isPaused;
  if (currentTarget instanceof HTMLElement) {
    setAttribute(currentTarget, 'aria-pressed', String(isPaused));
    setText(currentTarget, isPaused ? 'Go on' : 'Pause');
  }
  if (!isPaused) show();
});
new ResizeObserver(() => state !== undefined && showTopology(state)).observe(
  find('[data-view="topology"]', HTMLElement),
);
setInterval(showLink, 500);

function show() {
  if (state === undefined) return;
  showFigures(state);
  showTopology(state);
  if (series !== undefined) showCharts(series);
  showProviders(state);
  showOperator(state.actions, state.policy);
  showLink();
  // For whoever has the console open, and for tests: what is on the page now.
  Object.assign(globalThis, { lbState: state });
}

function showLink() {
  const silentMs = performance.now() - heardAt;
  const isLost = silentMs > patienceMs;
  const link = find('[data-field="link"]', HTMLElement);
  const status = isLost ? 'lost' : isPaused ? 'paused' : state === undefined ? 'connecting' : 'live';
  setText(link, status);
  setAttribute(link, 'data-link', status);
  setAttribute(document.body, 'class', isLost ? 'lost' : undefined);
  showBanners(state, isLost ? silentMs : undefined);
}

/** The five minutes before this page was opened, or while it was cut off. */
async function fetchHistory() {
  if (isFetching) return;
  isFetching = true;
  try {
    const response = await fetch('history.json');
    if (!response.ok) return;
    /** @type {History} */
    const history = await response.json();
    series = new Series(history);
    if (!isPaused) show();
  } catch {
    // The next state asks again.
  } finally {
    isFetching = false;
  }
}
