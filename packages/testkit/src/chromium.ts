/** The system's own Chromium, for tests that look at a page as people do. Nothing is downloaded. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

export type { Browser, Page };

/** Where systems install it. `CHROMIUM` names another. */
const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The system's browser; `undefined` where there is none. */
export const chromiumPath = [process.env['CHROMIUM'] ?? '', ...usual].find((path) => existsSync(path));

/** Starts it. As root, as in a container, it has no sandbox to offer; it is shown our own page and nothing else. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}
