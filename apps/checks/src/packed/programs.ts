/** Programs that a user might write, to be run in a project that has nothing but the packed packages. */
import type { Workspace } from '../repository.ts';

/** Specifiers that can be imported: what `exports` names, but for `package.json` and what starts a command. */
export function specifiers({ name, manifest }: Workspace): string[] {
  const commands = new Set(
    Object.values(manifest.bin ?? {}).map((file) => file.replace(/^\.\/dist\/(.*)\.js$/, './$1')),
  );
  return Object.keys(manifest.exports ?? {})
    .filter((path) => path !== './package.json' && !commands.has(path))
    .map((path) => name + path.slice(1));
}

/** Imports everything as ES modules and through `require`, which must give the same names. */
export function importProgram(names: readonly string[]): string {
  return `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (const name of ${JSON.stringify(names)}) {
  const imported = Object.keys(await import(name)).sort();
  const required = Object.keys(require(name)).filter((key) => key !== '__esModule').sort();
  if (imported.length === 0) throw new Error(name + ' exports nothing');
  if (imported.join() !== required.join()) throw new Error(name + ': import has ' + imported + ', require has ' + required);
}
`;
}

/** Names everything, so that the compiler reads every declaration. */
export function typesProgram(names: readonly string[]): string {
  return names.map((name, index) => `export * as package${index} from '${name}';\n`).join('');
}

/**
 * Sends requests through the balancer's dispatcher by each client that takes one: undici 7, undici 8, and the \`fetch\` that
 * Node brings, which is an undici of its own.
 */
export const dispatcherProgram = `
import { createServer } from 'node:http';
import { once } from 'node:events';
import * as undici7 from 'undici-7';
import * as undici8 from 'undici-8';
import { createBalancer } from '@lb/balancer';

const server = createServer((request, response) => {
  request.pipe(response);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = 'http://127.0.0.1:' + server.address().port;
const endpoints = [{ id: 'a', origin, state: 'serving', metadata: {} }];
async function* discovery() {
  yield { revision: 1, endpoints };
}
const balancer = createBalancer({ service: 'echo', discovery: discovery() });
const { dispatcher } = balancer;

const clients = {
  'undici 7 fetch': (url, options) => undici7.fetch(url, options).then((response) => response.text()),
  'undici 7 request': (url, options) => undici7.request(url, options).then(({ body }) => body.text()),
  'undici 8 fetch': (url, options) => undici8.fetch(url, options).then((response) => response.text()),
  'undici 8 request': (url, options) => undici8.request(url, options).then(({ body }) => body.text()),
  "Node's fetch": (url, options) => fetch(url, options).then((response) => response.text()),
};
for (const [client, send] of Object.entries(clients)) {
  const text = await send('http://echo/', { method: 'POST', body: client, dispatcher });
  if (text !== client) throw new Error(client + ' got ' + JSON.stringify(text));
}
await balancer.close();
server.close();
`;
