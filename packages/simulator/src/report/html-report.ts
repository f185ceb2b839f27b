/**
 * A comparison as one HTML file that needs nothing else: a table, and for each policy the same four charts on the same scales, so that the
 * eye compares policies and not axes.
 */
import type { Scenario } from '../scenario/scenario.ts';
import type { RunResult, Sample } from '../stats/run-result.ts';
import { chart, escape, type Line } from './chart.ts';
import { comparisonCells, comparisonHeadings } from './comparison-table.ts';
import { count, time } from './numbers.ts';

/** Servers that get a colour of their own; of more, the busiest do, and the rest are one. */
const mostColours = 8;

/** The results as one HTML file that needs no network and no script. */
export function htmlReport(scenario: Scenario, results: readonly RunResult[]): string {
  const groups = groupServers(results);
  const scales = scalesOf(results, groups);
  const rows = results.map(
    (result) =>
      `<tr>${comparisonCells(result)
        .map((cell, index) => (index === 0 ? `<th>${escape(cell)}</th>` : `<td>${cell}</td>`))
        .join('')}</tr>`,
  );
  const sections = results.map((result) => section(result, groups, scales));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(scenario.name)}</title><style>${style}</style></head>
<body><main><h1>${escape(scenario.name)}</h1><p>${describe(scenario)}</p>
<div class="scroll"><table><thead><tr>${comparisonHeadings.map((heading) => `<th>${heading}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>
<p class="note">Times in milliseconds, from a request's arrival to its answer; figures are of what came after the warm-up, charts of all.
The same seed gives the same report.</p>
<ul class="legend">${groups.map(({ name, color }) => `<li class="c${color}">${escape(name)}</li>`).join('')}</ul>
${sections.join('\n')}
</main></body></html>
`;
}

interface Group {
  readonly name: string;
  readonly color: number;
  /** Indexes of the servers in it. */
  readonly members: readonly number[];
}

function groupServers(results: readonly RunResult[]): Group[] {
  const servers = results[0]?.servers ?? [];
  if (servers.length <= mostColours) {
    return servers.map(({ id }, index) => ({ name: id, color: index, members: [index] }));
  }
  const sent = servers.map((_, index) => results.reduce((sum, result) => sum + (result.servers[index]?.sent ?? 0), 0));
  const order = servers.map((_, index) => index).toSorted((a, b) => (sent[b] ?? 0) - (sent[a] ?? 0));
  const own = order.slice(0, mostColours - 1).toSorted((a, b) => a - b);
  const rest = order.slice(mostColours - 1);
  return [
    ...own.map((index, color) => ({ name: servers[index]?.id ?? '', color, members: [index] })),
    { name: `${rest.length} others`, color: mostColours - 1, members: rest },
  ];
}

interface Scales {
  readonly latencyMs: number;
  readonly inFlight: number;
  readonly failures: number;
}

function scalesOf(results: readonly RunResult[], groups: readonly Group[]): Scales {
  const samples = results.flatMap((result) => result.samples);
  const top = (values: readonly number[]): number => roundUp(values.reduce((most, value) => Math.max(most, value), 0));
  // One policy that has broken down would press the others flat, so the scale is that of most, and lines leave the chart.
  const p99s = results
    .map((result) => Math.max(...result.samples.map(({ p99Ms }) => p99Ms), 0))
    .toSorted((a, b) => a - b);
  const typical = p99s[(p99s.length - 1) >> 1] ?? 0;
  return {
    latencyMs: roundUp(Math.min(p99s.at(-1) ?? 0, 3 * typical)),
    inFlight: Math.min(
      top(samples.flatMap((sample) => groups.map((group) => sumOf(sample, group, 'inFlight')))),
      roundUp(
        3 *
          median(
            results.map((result) =>
              Math.max(
                ...result.samples.flatMap((sample) => groups.map((group) => sumOf(sample, group, 'inFlight'))),
                0,
              ),
            ),
          ),
      ),
    ),
    failures: top(samples.map((sample) => sample.failed + refusedIn(sample))),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}

function section(result: RunResult, groups: readonly Group[], scales: Scales): string {
  const { samples } = result;
  const times = samples.map(({ untilMs }) => untilMs);
  const lines = (value: (sample: Sample, group: Group) => number): Line[] =>
    groups.map((group) => ({ ...group, values: samples.map((sample) => value(sample, group)) }));
  const share = (sample: Sample, group: Group): number => {
    const all = sample.servers.reduce((sum, { sent }) => sum + sent, 0);
    return all === 0 ? 0 : (100 * sumOf(sample, group, 'sent')) / all;
  };
  const latency: Line[] = [
    { name: 'p50', color: 0, values: samples.map(({ p50Ms }) => p50Ms) },
    { name: 'p99', color: 1, values: samples.map(({ p99Ms }) => p99Ms), dashed: true },
  ];
  const trouble: Line[] = [
    { name: 'requests failed', color: 3, values: samples.map(({ failed }) => failed) },
    { name: 'attempts refused', color: 2, values: samples.map(refusedIn), dashed: true },
  ];
  return `<section><h2>${escape(result.contender)}</h2><div class="charts">
${chart(lines(share), { title: 'Share', unit: '% of attempts', times, max: 100, stacked: true })}
${chart(latency, { title: 'Latency', unit: 'ms, p50 and p99 (dashed)', times, max: scales.latencyMs })}
${chart(
  lines((sample, group) => sumOf(sample, group, 'inFlight')),
  { title: 'In flight', unit: 'requests at each server, mean', times, max: scales.inFlight },
)}
${chart(trouble, { title: 'Failed and refused', unit: 'requests, attempts (dashed)', times, max: scales.failures })}
</div></section>`;
}

function sumOf(sample: Sample, { members }: Group, field: 'sent' | 'inFlight'): number {
  return members.reduce((sum, index) => sum + (sample.servers[index]?.[field] ?? 0), 0);
}

function refusedIn(sample: Sample): number {
  return sample.servers.reduce((sum, { refused }) => sum + refused, 0);
}

/** The next number of the form 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10);
}

function describe({ model, seed }: Scenario): string {
  const { servers, clients, load, durationMs, changes = [] } = model;
  const asked =
    load.kind === 'open' ? `${count(load.perSecond)} requests a second` : `${count(load.connections)} connections`;
  const parts = [
    `${count(servers.length)} servers`,
    `${count(clients.count)} ${clients.count === 1 ? 'client' : 'clients'}`,
    asked,
    time(durationMs),
    `seed ${seed}`,
  ];
  const events = changes.map(
    (change) =>
      `${time(change.atMs)}: ${change.kind === 'load' ? `load ${count(change.perSecond)}/s` : `${change.server} ${change.kind}`}`,
  );
  return escape(
    [parts.join(', '), ...events.slice(0, 8), ...(events.length > 8 ? [`and ${events.length - 8} more`] : [])].join(
      '; ',
    ),
  );
}

const light = ['#3b6fb6', '#d9822b', '#8a63b8', '#c23b3b', '#2f8f6b', '#a8852c', '#4aa3b8', '#7d7d7d'];
const dark = ['#7aa7e8', '#f0a860', '#b99ae0', '#ef7d7d', '#6cc7a3', '#d6b866', '#86cfe0', '#a9a9a9'];
const colours = (palette: readonly string[]): string =>
  palette
    .map(
      (colour, index) =>
        `polyline.c${index}{stroke:${colour}}polygon.c${index}{fill:${colour}}li.c${index}::before{background:${colour}}`,
    )
    .join('');

const style = `
:root{color-scheme:light dark}
body{margin:0;font:15px/1.5 system-ui,sans-serif;background:#fff;color:#1c1f23}
main{max-width:1080px;margin:0 auto;padding:24px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:28px 0 8px}p{margin:4px 0 16px}.note{opacity:.7;font-size:13px}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:5px 10px;text-align:right;border-bottom:1px solid #8884;white-space:nowrap}th:first-child{text-align:left}
thead th{font-weight:500;opacity:.7}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:12px 20px}
figure{margin:0}figcaption{font-weight:500}figcaption span{font-weight:400;opacity:.65;font-size:13px}
svg{width:100%;height:auto;display:block}polyline{fill:none;stroke-width:1.6;stroke-linejoin:round}polygon{fill-opacity:.8}
.grid{stroke:#8884;stroke-width:1}.tick{fill:currentColor;opacity:.65;font-size:11px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:0}
.legend li::before{content:"";display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:6px;vertical-align:-1px}
${colours(light)}
@media (prefers-color-scheme:dark){body{background:#15181c;color:#e4e6e9}${colours(dark)}}
`;
