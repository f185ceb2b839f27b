/** The page with a thousand providers, in a real browser. */
import { type Browser, chromiumPath, launchChromium, type Page } from '@lb/testkit/chromium';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Fleet } from './support/fleet.ts';
import { serveFleet } from './support/serve-fleet.ts';
import { many } from './support/stories.ts';

const reason = chromiumPath === undefined ? ' (skipped: no Chromium is installed here)' : '';

describe.skipIf(chromiumPath === undefined)(`the page of a thousand providers${reason}`, () => {
  let app: FastifyInstance;
  let fleet: Fleet;
  let browser: Browser;
  let page: Page;

  const rows = () => page.locator('tr[data-peer]');
  const group = (name: string) => page.getByRole('button', { name, exact: false }).and(page.locator('.group'));

  beforeAll(async () => {
    ({ app, fleet } = await serveFleet({ ...many(1000), perSecond: 2000 }));
    // Past the two that die, at 50 and 200 seconds.
    fleet.run(240);
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    // A limit that only a hang reaches.
    page.setDefaultTimeout(60_000);
    await page.goto(`${app.listeningOrigin}/lb/`);
    await page.locator('tr.group').first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await app.close();
  });

  it('shows those in trouble first, and the others as a group for each zone', async () => {
    expect(await page.locator('tr.group b').allTextContents()).toEqual([
      'In trouble',
      'eu-1a',
      'eu-1b',
      'eu-1c',
      'us-2a',
    ]);
    const inTrouble = await rows().locator('[data-cell="name"] b').allTextContents();
    expect(inTrouble).toEqual(expect.arrayContaining(['web-0018', 'web-0064']));
    expect(inTrouble.length).toBeLessThan(20);
    expect(await page.locator('[data-field="shown"]').textContent()).toBe('999 providers');
  });

  it('makes rows for what is open, fifty at a time, and keeps it open as states come', async () => {
    const before = await rows().count();
    await group('eu-1b').click();
    await expect.poll(() => rows().count()).toBe(before + 50);
    await page.getByRole('button', { name: /^Show 50 more of/ }).click();
    await expect.poll(() => rows().count()).toBe(before + 100);
    const shownAt = await page.evaluate('lbState.at');
    fleet.run(1);
    await expect.poll(() => page.evaluate('lbState.at')).not.toBe(shownAt);
    expect(await rows().count()).toBeGreaterThanOrEqual(100);
    expect(await group('eu-1b').getAttribute('aria-expanded')).toBe('true');
    await group('eu-1b').click();
  });

  it('finds one by name, by zone and by state', async () => {
    const search = page.getByRole('searchbox');
    await search.fill('web-0777');
    await expect.poll(() => rows().locator('[data-cell="name"] b').allTextContents()).toEqual(['web-0777']);
    await search.fill('');
    await page.getByRole('button', { name: /^draining/ }).click();
    await expect.poll(() => page.locator('[data-field="shown"]').textContent()).toBe('1 of 999 providers');
    expect(await rows().locator('small').nth(1).textContent()).toContain('set by bob');
    await page.getByRole('button', { name: /^draining/ }).click();
  });

  it.each([400, 768, 3840])('is no wider than a window of %d pixels', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it('has a name for everything that can be operated', async () => {
    const nameless = await page.evaluate(`[...document.querySelectorAll('button, input, select, a[href]')]
      .filter((node) => (node.ariaLabel ?? node.labels?.[0]?.textContent ?? node.textContent).trim() === '')
      .map((node) => node.outerHTML)`);
    expect(nameless).toEqual([]);
  });
});
