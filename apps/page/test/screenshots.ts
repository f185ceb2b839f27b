/** `pnpm screenshots FOLDER`: the page as it looks, light and dark, narrow and wide, with three providers, a hundred and a thousand. */
import { chromiumPath, launchChromium } from '@lb/testkit/chromium';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

import type { FleetOptions } from './support/fleet.ts';
import { serveFleet } from './support/serve-fleet.ts';
import { many, three, withoutRegistry } from './support/stories.ts';

interface Shot {
  readonly name: string;
  readonly fleet: () => FleetOptions;
  readonly width: number;
  readonly height: number;
  readonly dark?: true;
  readonly search?: string;
}

const shots: readonly Shot[] = [
  { name: 'light', fleet: three, width: 1280, height: 900 },
  { name: 'dark', fleet: three, width: 1280, height: 900, dark: true },
  { name: 'narrow', fleet: three, width: 400, height: 900 },
  { name: 'stale', fleet: withoutRegistry, width: 1280, height: 900 },
  { name: 'hundred', fleet: () => many(100), width: 1440, height: 900 },
  { name: 'thousand', fleet: () => many(1000), width: 1440, height: 900, dark: true },
  { name: 'thousand-search', fleet: () => many(1000), width: 1440, height: 900, search: 'web-00' },
  { name: 'thousand-narrow', fleet: () => many(1000), width: 400, height: 900 },
  { name: 'wide', fleet: () => many(100), width: 3840, height: 2160 },
];

const [folder, ...names] = process.argv.slice(2).map(String);
if (folder === undefined || chromiumPath === undefined) {
  process.stderr.write(
    folder === undefined
      ? `Into which folder? Then, if not all, which of ${shots.map(({ name }) => name).join(', ')}\n`
      : 'This needs Chromium, which is not installed; CHROMIUM can name another browser of its kind\n',
  );
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const browser = await launchChromium();
for (const shot of shots.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const file = join(folder, `${shot.name}.png`);
  await take(shot, file);
  process.stdout.write(`${file}\n`);
}
await browser.close();

async function take({ fleet: options, width, height, dark, search }: Shot, path: string): Promise<void> {
  const { app, fleet } = await serveFleet(options());
  fleet.run(300);
  const view = await browser.newPage({ viewport: { width, height }, colorScheme: dark === true ? 'dark' : 'light' });
  await view.goto(`${app.listeningOrigin}/lb/`);
  if (search !== undefined) await view.getByRole('searchbox').fill(search);
  await view.waitForSelector('.chart path');
  // Two seconds more, as they come: what came with the history and what is added to it look alike.
  for (let second = 0; second < 2; second += 1) {
    await after(300);
    fleet.run(1);
  }
  await after(500);
  await view.screenshot({ path, fullPage: true });
  await view.close();
  await app.close();
}
