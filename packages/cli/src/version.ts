import { readFileSync } from 'node:fs';

/** Of this package. */
export const version: string = read();

function read(): string {
  const { version: found }: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return found;
}
