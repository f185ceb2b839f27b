/** What was found, for people and for programs. */
import type { Played } from './play.ts';
import { type Finding, isKept } from './row.ts';

const width = 118;

/** A row of the table: its verdict and name, the fault, the promise, and each figure beside its bound. */
export function inWords({ row, verdict, findings, reason, seconds, lateMs }: Played, headroom: number): string {
  const lines = [
    `${label[verdict]}  ${row.name}${verdict === 'skipped' ? '' : `  (${seconds.toFixed(0)} s, processor ${lateMs.toFixed(0)} ms late)`}`,
    ...wrapped('fault', row.fault),
    ...wrapped('promise', row.promise),
    ...findings.map((finding) => `    ${figure(finding, headroom)}`),
    ...(reason === undefined ? [] : wrapped(verdict === 'skipped' ? 'skipped' : 'broke off', reason)),
  ];
  return `${lines.join('\n')}\n`;
}

export function summary(played: readonly Played[]): string {
  const count = (verdict: Played['verdict']): number => played.filter((one) => one.verdict === verdict).length;
  return `${count('kept')} kept, ${count('missed')} missed, ${count('unclear')} unclear, ${count('skipped')} skipped`;
}

export function asJson(played: readonly Played[], about: object): string {
  const results = played.map(({ row, verdict, findings, reason, seconds, lateMs }) => ({
    name: row.name,
    fault: row.fault,
    promise: row.promise,
    verdict,
    reason,
    seconds: Math.round(seconds * 10) / 10,
    lateMs: Math.round(lateMs),
    findings,
  }));
  return `${JSON.stringify({ ...about, results }, undefined, 2)}\n`;
}

const label: Readonly<Record<Played['verdict'], string>> = {
  kept: 'kept   ',
  missed: 'MISSED ',
  unclear: 'unclear',
  skipped: 'skipped',
};

function figure(finding: Finding, headroom: number): string {
  const { figure: name, value, unit, most: upper, least: lower, detail } = finding;
  const bounds = [
    ...(upper === undefined ? [] : [`at most ${number(upper, unit)}`]),
    ...(lower === undefined ? [] : [`at least ${number(lower, unit)}`]),
  ];
  const judged = isKept(finding, headroom) ? '' : '  <- missed';
  return `${name}: ${number(value, unit)}${bounds.length === 0 ? '' : ` (${bounds.join(', ')})`}${detail === undefined ? '' : `: ${detail}`}${judged}`;
}

function number(value: number, unit: Finding['unit']): string {
  if (!Number.isFinite(value)) return 'not seen';
  const text = Number.isInteger(value) ? String(value) : unit === 'ms' ? value.toFixed(0) : value.toFixed(3);
  return unit === '' ? text : `${text} ${unit}`;
}

function wrapped(heading: string, text: string): string[] {
  const lines: string[] = [];
  let line = `    ${heading}:`;
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > width) {
      lines.push(line);
      line = '     ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
