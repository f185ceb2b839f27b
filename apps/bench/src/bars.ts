/**
 * Subjects side by side as bars, in SVG text without script, font or network, readable on light and dark pages.
 *
 * A row for each subject, with a bar for each column: the median. The thin line is from the worst round to the best.
 */
import type { Spread } from './cluster/figures.ts';

export interface BarChart {
  readonly title: string;
  readonly columns: readonly Column[];
  /** What stands at the right end of all rows; none if undefined. */
  readonly lastHead?: string;
  readonly rows: readonly Row[];
  /** Where the figures come from, in parts divided by `; `, of which the command is the first. */
  readonly origin: string;
}

interface Column {
  readonly head: string;
  /** What a bar of full length stands for. */
  readonly full: number;
}

interface Row {
  readonly name: string;
  readonly kind: 'ours' | 'bound' | 'other';
  /** One for each column, with the words beside it. */
  readonly bars: readonly { readonly spread: Spread; readonly label: string }[];
  readonly last?: string;
}

const rowHeight = 26;
const barHeight = 14;
const names = 290;
const barWidth = 190;
const columnWidth = barWidth + 90;
const top = 64;

export function barChart({ title, columns, lastHead, rows, origin }: BarChart): string {
  const width = names + columns.length * columnWidth + (lastHead === undefined ? 20 : 70);
  const height = top + rows.length * rowHeight + 46;
  const columnAt = (index: number): number => names + index * columnWidth;
  const heads = columns.map(({ head }, index) => text(columnAt(index), 40, head, 'head'));
  if (lastHead !== undefined) heads.push(text(width - 10, 40, lastHead, 'head name'));
  const drawn = rows.map(({ name, kind, bars, last }, row) => {
    const y = top + row * rowHeight;
    return [
      text(names - 10, y, name, kind === 'ours' ? 'name mine' : 'name'),
      ...bars.map(({ spread, label }, column) => {
        const x = columnAt(column);
        return bar(x, y, spread, columns[column]?.full ?? 1, kind) + text(x + barWidth + 8, y, label);
      }),
      last === undefined ? '' : text(width - 10, y, last, 'name'),
    ].join('');
  });
  const [command, ...rest] = origin.split('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">
<style>${style}</style>
<rect class="page" width="${width}" height="${height}" rx="6"/>
${text(16, 14, title, 'title')}
${heads.join('')}
${drawn.join('\n')}
${text(16, height - 36, command ?? '', 'origin')}
${text(16, height - 22, rest.join('; '), 'origin')}
</svg>
`;
}

const style = `text{font:13px system-ui,sans-serif;fill:#1f2328}.page{fill:#fff}.title{font-weight:600;font-size:14px}.head{fill:#59636e;font-size:12px}.name{text-anchor:end}.mine{font-weight:600}.origin{fill:#59636e;font-size:10px}.ours{fill:#0969da}.bound{fill:#8c959f}.other{fill:#bf8700}.range{stroke:#1f2328;stroke-width:1.5}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.head,.origin{fill:#9198a1}.ours{fill:#4493f8}.other{fill:#d29922}.range{stroke:#e6edf3}}`;

function bar(x: number, y: number, { median, min, max }: Spread, full: number, kind: string): string {
  const at = (value: number): number => barWidth * Math.min(1, value / full);
  const middle = y + barHeight / 2;
  const whole = Number.isFinite(median) ? '' : ' opacity="0.35"';
  return `<rect class="${kind}" x="${x}" y="${y}" width="${at(median).toFixed(1)}" height="${barHeight}"${whole}/><line class="range" x1="${(x + at(min)).toFixed(1)}" x2="${(x + at(max)).toFixed(1)}" y1="${middle}" y2="${middle}"/>`;
}

function text(x: number, y: number, content: string, kind?: string): string {
  return `<text x="${x}" y="${y + barHeight - 2}"${kind === undefined ? '' : ` class="${kind}"`}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
