// Runs a TypeScript source of this workspace in this process, or says plainly why this Node cannot.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`The sources run on Node 22.19 or later, and this is ${process.version}.`);
  process.exit(1);
}
const [source] = process.argv.splice(2, 1);
await import(pathToFileURL(resolve(source)).href);
