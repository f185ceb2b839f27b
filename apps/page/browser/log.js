/** What has happened, newest first. */

/** @import { LogEntry } from '../src/wire.ts' */
import { find, html, setText } from './dom.js';
import { clock } from './format.js';

const maxShown = 200;
/** What is worth interrupting somebody for who listens to the page. */
const announced = new Set(['ejected', 'suspected', 'tier', 'registry', 'action']);
const startedAt = Date.now();

/** Id of the last entry that is there: after a reconnect some come again. */
let last = 0;

/** @param {LogEntry} entry */
export function showEntry(entry) {
  if (entry.id <= last) return;
  last = entry.id;
  const list = find('[data-view="log"]', HTMLElement);
  list.prepend(
    html(
      'li',
      { 'data-kind': entry.kind },
      html('time', { datetime: new Date(entry.at).toISOString() }, clock(entry.at)),
      html('span', { class: 'kind' }, entry.kind),
      html('span', {}, entry.text),
    ),
  );
  while (list.childElementCount > maxShown) list.lastElementChild?.remove();
  if (announced.has(entry.kind) && entry.at >= startedAt)
    setText(find('[data-field="announcement"]', HTMLElement), entry.text);
}
