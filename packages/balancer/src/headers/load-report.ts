/**
 * Reads what providers say of their load: the `endpoint-load-metrics` header of ORCA (Envoy, gRFC A51), in its text form
 * (`TEXT cpu_utilization=0.3, rps_fractional=120`) or its JSON form (`JSON {"cpu_utilization": 0.3}`). A header that is not wholly
 * well-formed is not believed in part.
 */
import type { LoadReport } from '@lb/core';

export const loadReportHeader = 'endpoint-load-metrics';

/** More than any report needs; what is longer is not read. */
const longest = 4096;

/** The report, or `undefined` for what is none. Of utilizations, the application's own goes before that of the CPU (gRFC A58). */
export function readLoadReport(value: unknown): LoadReport | undefined {
  if (typeof value !== 'string' || value.length > longest) return undefined;
  const metrics = value.startsWith('JSON ') ? fromJson(value.slice(5)) : fromText(value.replace(/^TEXT /, ''));
  if (metrics === undefined) return undefined;
  const application = metrics.get('application_utilization') ?? 0;
  return {
    requestsPerSecond: metrics.get('rps_fractional') ?? 0,
    errorsPerSecond: metrics.get('eps') ?? 0,
    utilization: application > 0 ? application : (metrics.get('cpu_utilization') ?? 0),
  };
}

function fromText(text: string): ReadonlyMap<string, number> | undefined {
  const metrics = new Map<string, number>();
  for (const part of text.split(',')) {
    // Envoy has had both signs.
    const match = /^\s*([\w.-]+)\s*[=:]\s*([\d.eE+-]+)\s*$/.exec(part);
    const [, name = '', digits] = match ?? [];
    const value = Number(digits);
    if (match === null || !isMetric(value) || metrics.has(name)) return undefined;
    metrics.set(name, value);
  }
  return metrics;
}

function fromJson(text: string): ReadonlyMap<string, number> | undefined {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof report !== 'object' || report === null || Array.isArray(report)) return undefined;
  const metrics = new Map<string, number>();
  for (const [name, value] of Object.entries(report)) {
    if (!known.has(snakeCase(name))) continue;
    if (!isMetric(value)) return undefined;
    metrics.set(snakeCase(name), value);
  }
  return metrics;
}

const known: ReadonlySet<string> = new Set(['application_utilization', 'cpu_utilization', 'rps_fractional', 'eps']);

/** Protobuf's JSON has names in camel case, and accepts those of the definition. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function isMetric(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}
