/** Line and area charts as SVG text: no script, no font, no network, so a report can be kept, mailed and printed. */
export interface Line {
  readonly name: string;
  /** Index into the palette of the style sheet. */
  readonly color: number;
  readonly values: readonly number[];
  readonly dashed?: boolean;
}

export interface ChartOptions {
  readonly title: string;
  readonly unit: string;
  /** Times of the values, in milliseconds. */
  readonly times: readonly number[];
  /** Top of the scale. The same for charts that are to be compared. */
  readonly max: number;
  /** Values are parts of a whole, drawn one on the other. */
  readonly stacked?: boolean;
}

const width = 420;
const height = 170;
const left = 44;
const bottom = 22;
const top = 8;

export function chart(lines: readonly Line[], { title, unit, times, max, stacked = false }: ChartOptions): string {
  const end = times.at(-1) ?? 1;
  const x = (time: number): string => (left + ((width - left - 6) * time) / end).toFixed(1);
  const y = (value: number): string =>
    (top + (height - top - bottom) * (1 - Math.min(1, max === 0 ? 0 : value / max))).toFixed(1);
  const drawn = stacked ? areas(lines, times, x, y) : lines.map((line) => polyline(line, times, x, y)).join('');
  const ticks = [0, 0.5, 1].map((part) => {
    const at = y(max * part);
    return `<line class="grid" x1="${left}" x2="${width - 6}" y1="${at}" y2="${at}"/><text class="tick" x="${left - 6}" y="${at}" dy="0.32em" text-anchor="end">${short(max * part)}</text>`;
  });
  const moments = [0, 0.5, 1].map((part) => {
    const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle';
    return `<text class="tick" x="${x(end * part)}" y="${height - 6}" text-anchor="${anchor}">${short((end * part) / 1000)} s</text>`;
  });
  return `<figure><figcaption>${escape(title)} <span>${escape(unit)}</span></figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">${ticks.join('')}${moments.join('')}${drawn}</svg></figure>`;
}

/** `text` so that it is text in HTML, also within an attribute. */
export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

type Place = (value: number) => string;

function polyline({ name, color, values, dashed }: Line, times: readonly number[], x: Place, y: Place): string {
  const points = values.map((value, index) => `${x(times[index] ?? 0)},${y(value)}`).join(' ');
  return `<polyline class="c${color}"${dashed === true ? ' stroke-dasharray="4 3"' : ''} points="${points}"><title>${escape(name)}</title></polyline>`;
}

function areas(lines: readonly Line[], times: readonly number[], x: Place, y: Place): string {
  const below = times.map(() => 0);
  return lines
    .map(({ name, color, values }) => {
      const floor = times.map((time, index) => `${x(time)},${y(below[index] ?? 0)}`).toReversed();
      for (const [index, value] of values.entries()) below[index] = (below[index] ?? 0) + value;
      const roof = times.map((time, index) => `${x(time)},${y(below[index] ?? 0)}`);
      return `<polygon class="c${color}" points="${[...roof, ...floor].join(' ')}"><title>${escape(name)}</title></polygon>`;
    })
    .join('');
}

function short(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}k`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)}k`;
  return value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
}
