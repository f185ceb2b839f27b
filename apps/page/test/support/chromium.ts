import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Where systems install it. `CHROMIUM` names another. */
const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The system's browser; `undefined` where there is none. */
export const chromiumPath = [process.env['CHROMIUM'] ?? '', ...usual].find((path) => existsSync(path));

/** Starts it. As root, as in a container, it has no sandbox to offer; it is shown our own page and nothing else. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}
