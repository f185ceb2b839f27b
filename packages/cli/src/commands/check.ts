/** What is wrong with etcd and with what is registered, and what to do about it. */
import type { CheckReport, Finding, Inspection, MemberReport, Severity } from '@lb/registry';

import type { Command } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { failureOf } from '../failure.ts';
import { bytes, count, milliseconds } from '../numbers.ts';
import { etcdOptions, readEtcdOptions } from '../settings.ts';
import { table } from '../terminal/table.ts';
import { type Line, type Span, type Style, styled } from '../terminal/terminal.ts';

export const check: Command = {
  name: 'check',
  about: 'look for what is wrong with etcd and what is registered, and say what to do',
  positionals: [{ name: 'service', optional: true, about: 'look at this service only', complete: 'service' }],
  options: {
    strict: { about: 'exit with 1 for warnings, too' },
    json: { about: 'the report as one line of JSON' },
    ...etcdOptions,
  },
  details: `Asks every member of --etcd, reads what is registered, and takes a lease of a minute, which it gives back; it writes
nothing else. An error loses requests or registrations now, a warning can, a note is worth knowing.
Exits with 0 when there is no error, 1 when there is, 3 when no member answers, 4 when etcd lets us read nothing.`,
  run: async (given, terminal, world) => {
    const { checkRegistry } = await import('@lb/registry');
    const service = given.positional('service');
    const options = await readEtcdOptions(given, world.env);
    const report = await checkRegistry({ ...options, service, signal: world.signal });
    if (given.flag('json')) terminal.json(toJson(report));
    else terminal.lines(reportLines(report));
    return codeFor(report, given.flag('strict'));
  },
};

function codeFor({ error, findings }: CheckReport, strict: boolean): ExitCode {
  if (error !== undefined) return failureOf(error).exitCode;
  const wrong = findings.some(({ severity }) => severity === 'error' || (strict && severity === 'warning'));
  return wrong ? exitCodes.failed : exitCodes.ok;
}

export function reportLines({ members, inspection, findings }: CheckReport): Line[] {
  return [
    ...memberTable(members),
    [],
    ...(inspection === undefined ? [] : [registryLine(inspection), []]),
    ...findings.flatMap(findingLines),
    ...(findings.length === 0 ? [] : [[]]),
    [summary(findings)],
  ];
}

function memberTable(members: readonly MemberReport[]): Line[] {
  return table(
    [
      { heading: 'MEMBER' },
      { heading: 'NAME' },
      { heading: 'VERSION' },
      { heading: 'ROLE' },
      { heading: 'DATABASE', right: true },
      { heading: 'ANSWERED IN', right: true },
    ],
    members.map(({ host, status }): Span[] => {
      if (status === undefined) return [host, '-', '-', styled('red', 'away'), '-', '-'];
      const { id, name, version, leader, learner, databaseBytes, tookMs } = status;
      const role = learner ? 'learner' : leader === id ? 'leader' : 'follower';
      return [host, name || '-', version, styled('green', role), bytes(databaseBytes), `${milliseconds(tookMs)} ms`];
    }),
  );
}

function registryLine({ revision, services }: Inspection): Line {
  const sum = (of: (service: Inspection['services'][number]) => number): number =>
    services.reduce((total, service) => total + of(service), 0);
  const numbers = [
    counted(services.length, 'service'),
    counted(
      sum(({ endpoints }) => endpoints.length),
      'endpoint',
    ),
    counted(
      sum(({ overrides }) => overrides.size),
      'override',
    ),
  ];
  return [`Registry at revision ${revision}: ${numbers.join(', ')}.`];
}

const styles: Readonly<Record<Severity, Style>> = { error: 'red', warning: 'yellow', note: 'cyan' };

function findingLines({ severity, about, what, todo, code }: Finding): Line[] {
  return [[styled(styles[severity], severity.padEnd(8)), `${about}: ${what} (${code})`], [`${' '.repeat(8)}→ ${todo}`]];
}

function summary(findings: readonly Finding[]): Span {
  if (findings.length === 0) return styled('green', 'Nothing wrong was found.');
  const numbers = (['error', 'warning', 'note'] as const).map((kind) =>
    counted(findings.filter(({ severity }) => severity === kind).length, kind),
  );
  return styled('bold', `${numbers.join(', ')}.`);
}

function counted(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
}

function toJson({ members, inspection, error, findings }: CheckReport): unknown {
  return {
    members: members.map(({ host, status, error: why }) => ({
      host,
      status: status ?? null,
      error: why?.message ?? null,
    })),
    registry:
      inspection === undefined
        ? null
        : {
            revision: inspection.revision,
            services: inspection.services.map(({ name, endpoints, overrides, unreadable }) => ({
              name,
              endpoints: endpoints.length,
              overrides: overrides.size,
              unreadable: unreadable.length,
            })),
          },
    error: error === undefined ? null : { code: error.code, message: error.message },
    findings,
  };
}
