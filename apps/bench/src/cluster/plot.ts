/**
 * A scenario as bars, in SVG text without script, font or network, readable on light and dark pages.
 *
 * Two bars a subject: what was answered in time, and the 99th percentile. The thin line is from the worst round to the best.
 */
import { figuresOf, type Spread } from './figures.ts';
import type { Entry } from './race.ts';
import { milliseconds } from './report.ts';
import { deadlineMs, type Scenario } from './scenarios.ts';
import { ours } from './subjects.ts';

const rowHeight = 26;
const barHeight = 14;
const names = 290;
const barWidth = 190;
const valueWidth = 90;
const top = 64;
const width = names + 2 * (barWidth + valueWidth) + 70;

export function plot(scenario: Scenario, entries: readonly Entry[], origin: string): string {
  const rows = entries
    .filter((entry) => entry.scenario === scenario)
    .map((entry) => ({ subject: entry.subject, figures: figuresOf(entry, entries) }));
  const slowest = Math.max(1, ...rows.map(({ figures }) => figures.p99.median).filter(Number.isFinite));
  const second = names + barWidth + valueWidth;
  const drawn = rows.map(({ subject, figures: { inTime, p99, failed } }, index) => {
    const y = top + index * rowHeight;
    const kind = subject === ours ? 'ours' : subject.oneQueue === true ? 'bound' : 'other';
    const share = `${(inTime.median * 100).toFixed(1)} %`;
    return [
      text(names - 10, y, subject.name, subject === ours ? 'name mine' : 'name'),
      bar(names, y, inTime, 1, kind),
      text(names + barWidth + 8, y, share),
      bar(second, y, p99, slowest, kind),
      text(second + barWidth + 8, y, `${milliseconds(p99.median)}${Number.isFinite(p99.median) ? ' ms' : ''}`),
      text(width - 10, y, String(failed), 'name'),
    ].join('');
  });
  const height = top + rows.length * rowHeight + 46;
  const [command, ...rest] = origin.split('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(scenario.title)}">
<style>${style}</style>
<rect class="page" width="${width}" height="${height}" rx="6"/>
${text(16, 14, scenario.title, 'title')}
${text(names, 40, `answered within ${deadlineMs} ms`, 'head')}${text(second, 40, 'p99', 'head')}${text(width - 10, 40, 'failed', 'head name')}
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
