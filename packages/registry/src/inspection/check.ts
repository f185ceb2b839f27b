/**
 * Looks at a registry the way an operator would at three in the morning: is etcd well, may we do what we need, and is what is
 * registered what consumers can use?
 */
import { printable } from '../channels.ts';
import { systemClock, wallClock } from '../clock.ts';
import { EtcdClient } from '../etcd/etcd-client.ts';
import { type CheckedEtcdOptions, checkEtcdOptions } from '../etcd/etcd-options.ts';
import { EtcdError } from '../errors.ts';
import { overridesRoot } from '../overrides/override-keys.ts';
import { clusterFindings } from './cluster-findings.ts';
import { type Finding, severities } from './finding.ts';
import { inspect, type Inspection, type InspectOptions } from './inspect.ts';
import { type MemberReport, readMembers } from './members.ts';
import { readPermissions } from './permissions.ts';
import { serviceFindings } from './service-findings.ts';

/** What to check: a service, or all of them. */
export type CheckOptions = Omit<InspectOptions, 'leases'>;

/** What was found: the members, what is registered, and what is wrong. */
export interface CheckReport {
  /** In the order of the hosts. */
  readonly members: readonly MemberReport[];
  /** What is registered; `undefined` when it could not be read. */
  readonly inspection: Inspection | undefined;
  /** Why it could not. */
  readonly error: EtcdError | undefined;
  /** What is wrong or worth knowing, the worst first. */
  readonly findings: readonly Finding[];
}

/**
 * Checks etcd and what is registered in it. Writes nothing but a lease of a minute, which it gives back. What goes wrong with etcd is a
 * finding, not a rejection. Throws `InvalidOptionError`.
 */
export async function checkRegistry(options: CheckOptions): Promise<CheckReport> {
  const etcd = checkEtcdOptions(options);
  const { signal = new AbortController().signal } = options;
  const members = await readMembers(etcd, signal);
  const read = await orError(inspect(options));
  const findings = [...clusterFindings(members), ...waysInFindings(etcd)];
  if (read instanceof EtcdError) {
    findings.push(readFinding(read, options.service));
    return { members, inspection: undefined, error: read, findings: sorted(findings) };
  }
  const client = new EtcdClient(etcd, systemClock, Math.random);
  try {
    findings.push(...(await leaseFindings(client, signal)), ...(await writeFindings(client, options, etcd, signal)));
  } finally {
    client.close();
  }
  findings.push(...read.services.flatMap((service) => serviceFindings(service, wallClock())));
  return { members, inspection: read, error: undefined, findings: sorted(findings) };
}

async function orError<T>(result: Promise<T>): Promise<T | EtcdError> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof EtcdError) return error;
    throw error;
  }
}

function readFinding({ code, message }: EtcdError, service: string | undefined): Finding {
  if (code === 'ERR_ETCD_UNAUTHENTICATED') {
    return {
      severity: 'error',
      code: 'credentials',
      about: 'user',
      what: message,
      todo: 'give the user and password that etcd knows (etcdctl user list)',
    };
  }
  if (code === 'ERR_ETCD_DENIED') {
    return {
      severity: 'error',
      code: 'registry-denied',
      about: 'user',
      what: `${message}: it may not read ${service === undefined ? 'all services' : `"${service}"`} and their overrides`,
      todo: `grant its role read on both prefixes${service === undefined ? ', or check one service' : ''} (etcdctl role grant-permission)`,
    };
  }
  return {
    severity: 'error',
    code: 'registry-away',
    about: 'registry',
    what: `what is registered cannot be read: ${message}`,
    todo: 'consumers go on with what they last knew; see to the members above',
  };
}

/** Who could read along, or write what they like. */
function waysInFindings({ secure, loopback, auth, tls }: CheckedEtcdOptions): Finding[] {
  if (loopback) return [];
  const found: Finding[] = [];
  if (!secure) {
    found.push({
      severity: 'warning',
      code: 'plain-text',
      about: 'hosts',
      what: 'calls to etcd go in the clear: anyone on the way can read and rewrite where requests go',
      todo: 'serve etcd by https',
    });
  }
  if (auth === undefined && tls().cert === undefined) {
    found.push({
      severity: 'note',
      code: 'auth-off',
      about: 'hosts',
      what: 'etcd is used without a user or a certificate: if it takes that, anyone who reaches it can register',
      todo: 'enable authentication, or ask for client certificates',
    });
  }
  return found;
}

/** Asks for a lease as a provider would: what answers reads may still be unable to write. */
async function leaseFindings(client: EtcdClient, signal: AbortSignal): Promise<Finding[]> {
  try {
    await client.onAny(async (connection) => {
      const { ID } = await connection.call(
        'leaseGrant',
        ({ leaseClient }, call) => leaseClient.leaseGrant({ TTL: 60 }, call),
        { signal },
      );
      await connection.call('leaseRevoke', ({ leaseClient }, call) => leaseClient.leaseRevoke({ ID }, call), {
        signal,
      });
    });
    return [];
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return [
      {
        severity: 'error',
        code: 'leases-refused',
        about: 'leases',
        what: `none was granted: ${error.message}`,
        todo: 'nobody can register now; see to the members and alarms above',
      },
    ];
  }
}

/** What the user may read, it may not have to write: a consumer writes nothing, an operator overrides, a provider endpoints. */
async function writeFindings(
  client: EtcdClient,
  { root = 'lb', overrides, service }: CheckOptions,
  { auth }: CheckedEtcdOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  const user = auth?.().username;
  if (user === undefined) return [];
  const mayWrite = await orError(client.onAny((connection) => readPermissions(connection, user, signal)));
  // Not every etcd tells.
  if (mayWrite instanceof EtcdError) return [];
  const of = service === undefined ? '' : `${service}/`;
  const missing = [
    [`${root}/${of}`, 'register'],
    [`${overridesRoot(overrides)}/${of}`, 'drain or set weights'],
  ].filter(([prefix = '']) => !mayWrite(prefix));
  return missing.map(([prefix = '', what]) => ({
    severity: 'note',
    code: 'may-not-write',
    about: `user ${printable(user)}`,
    what: `it may not write ${prefix}, which takes to ${what}`,
    todo: `if it should: etcdctl role grant-permission ROLE --prefix readwrite ${prefix}`,
  }));
}

function sorted(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}
