/** The live page in a real browser, on the picture as real processes: what `pnpm dev` runs. */
import { type Browser, chromiumPath, launchChromium, type Page } from '@lb/testkit/chromium';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Load, type Sample } from '../src/load.ts';
import { System } from '../src/system.ts';
import { waitUntilReady } from '../src/wait-until-ready.ts';

const token = 'a-token-of-alice-1';
const reason = chromiumPath === undefined ? ' (skipped: no Chromium is installed here)' : '';

interface State {
  readonly policy: string;
  readonly registry: { readonly revision: number; readonly stale: unknown };
  readonly requests: Record<string, number | null>;
  readonly peers: readonly PeerState[];
}

interface PeerState {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly weight: number;
  readonly effectiveWeight: number;
  readonly share: number | null;
  readonly weightShare: number;
  readonly perSecond: number;
  readonly inFlight: number;
  readonly limit: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly failed: number;
  readonly failedTotal: number;
  readonly total: number;
  readonly ejections: number;
  readonly inSecond: number;
}

describe.skipIf(chromiumPath === undefined)(`the live page${reason}`, () => {
  // Whether it sheds load on a busy machine is not the question here.
  const consumerEnv = { LB_OPERATORS: `alice:${token}`, MAX_EVENT_LOOP_DELAY_MS: '0' };
  /** What everybody said, for when one of them is gone that should not. */
  const said: string[] = [];
  let isGone = false;
  const system = new System((line) => said.push(line), {
    speak: (name) => (line) => said.push(`${name}: ${line}`),
    onGone: () => (isGone = true),
    consumerEnv,
  });
  const samples: Sample[] = [];
  const complaints: string[] = [];
  let origin = '';
  let load: Load;
  let browser: Browser;
  let page: Page;

  const state = async (): Promise<State> => {
    const { body } = await request(`${origin}/lb/state.json`);
    return JSON.parse(await body.text());
  };
  /** What the page shows now, as it keeps it for whoever has the console open. */
  const shownState = (): Promise<State> => page.evaluate('lbState');
  const peer = async (name: string): Promise<PeerState | undefined> =>
    (await state()).peers.find((one) => one.name === name);
  const row = (name: string) => page.locator(`tr[data-peer^="${name}-"]`);
  const act = async (name: string, action: string): Promise<void> => {
    await row(name).getByRole('button', { name: 'Act' }).click();
    await page.locator(`[data-act="${action}"]`).click();
  };

  beforeAll(async () => {
    origin = await system.start(undefined);
    const isReady = await waitUntilReady(
      origin,
      undefined,
      () => {},
      () => isGone,
    );
    if (!isReady) throw new Error(said.join('\n'));
    load = new Load(origin, 80, (sample) => samples.push(sample));
    load.start();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    // A limit that only a hang reaches.
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${origin}/lb/`);
    await system.whenReady();
    await page.locator('tr[data-peer]').nth(2).waitFor();
  });

  afterAll(async () => {
    await browser?.close();
    await load?.stop();
    await system.stop();
  });

  it('shows the numbers of the state, each where it belongs', async () => {
    await expect.poll(async () => (await peer('small'))?.p50Ms).not.toBeNull();
    await page.getByRole('button', { name: 'Pause' }).click();
    const shown = await shownState();
    const rows = await page.locator('tr[data-peer]').all();
    const cells = await Promise.all(rows.map((one) => one.locator('[data-cell]').allTextContents()));
    const figure = (name: string) => page.locator(`[data-field="${name}"]`).textContent();
    const figures = await Promise.all(['perSecond', 'p99', 'inFlight', 'revision', 'policy'].map(figure));
    await page.getByRole('button', { name: 'Go on' }).click();
    const decimals = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits));
    const ms = (value: number | null): string => decimals(value, (value ?? 0) >= 100 ? 0 : (value ?? 0) >= 10 ? 1 : 2);
    const percent = (share: number | null): string => (share === null ? '–' : decimals(share * 100, 1));
    const rounded = (value: number): string => String(Math.round(value * 100) / 100);
    for (const one of shown.peers) {
      const found = cells.find(([name]) => name?.startsWith(one.name));
      const [set, effective] = [rounded(one.weight), rounded(one.effectiveWeight)];
      expect(found?.slice(2, 10)).toEqual([
        set === effective ? set : `${set} → ${effective}`,
        `${percent(one.share)} of ${percent(one.weightShare)}`,
        decimals(one.perSecond, one.perSecond >= 100 ? 0 : 1),
        one.limit === null ? String(one.inFlight) : `${one.inFlight} / ${one.limit}`,
        ms(one.p50Ms),
        ms(one.p99Ms),
        one.failedTotal === 0 ? '0' : `${one.failed} (${one.failedTotal})`,
        String(one.ejections),
      ]);
    }
    const { perSecond = 0, p99Ms = 0, inFlight } = shown.requests;
    expect(figures).toEqual([
      decimals(perSecond, (perSecond ?? 0) >= 100 ? 0 : 1),
      ms(p99Ms),
      String(inFlight),
      String(shown.registry.revision),
      shown.policy,
    ]);
  });

  it('shows what state.json says, once nothing changes any more', async () => {
    await load.stop();
    const stable = ({ id, name, weight, total, failedTotal, ejections }: PeerState) => [
      id,
      name,
      weight,
      total,
      failedTotal,
      ejections,
    ];
    const { peers, policy } = await state();
    await expect.poll(async () => (await shownState()).peers.map(stable)).toEqual(peers.map(stable));
    expect(await page.locator('[data-field="policy"]').textContent()).toBe(policy);
    load = new Load(origin, 80, (sample) => samples.push(sample));
    load.start();
  });

  it('keeps the focus while figures change, and sorts by keyboard', async () => {
    const header = page.getByRole('columnheader', { name: 'Req/s' });
    await header.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => header.getAttribute('aria-sort')).toBe('descending');
    const before = await page.locator('[data-cell="rate"]').first().textContent();
    await expect.poll(() => page.locator('[data-cell="rate"]').first().textContent()).not.toBe(before);
    expect(await page.locator(':focus').textContent()).toBe('Req/s');
    await page.getByRole('columnheader', { name: 'Provider' }).getByRole('button').click();
  });

  it('has five minutes to show when it is opened again', async () => {
    const history = async (): Promise<(number | null)[]> => {
      const { body } = await request(`${origin}/lb/history.json`);
      return JSON.parse(await body.text()).requests;
    };
    const busySeconds = async () => (await history()).filter((count) => (count ?? 0) > 0).length;
    await expect.poll(busySeconds).toBeGreaterThan(3);
    await page.reload();
    await page.locator('.chart path').first().waitFor();
    expect((await history()).length).toBe(300);
    await expect.poll(() => page.locator('[data-view="log"] li').count()).toBeGreaterThanOrEqual(3);
  });

  it('has an operator take the traffic off a provider for all consumers, and give it back', async () => {
    expect(await row('large').getByRole('button', { name: 'Act' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Sign in to act' }).click();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();

    await row('large').getByRole('button', { name: 'Act' }).click();
    await page.getByRole('spinbutton', { name: 'Weight' }).fill('0');
    await page.getByRole('button', { name: 'Set weight' }).click();
    await expect.poll(async () => (await peer('large'))?.weight).toBe(0);
    await expect.poll(async () => (await peer('large'))?.inSecond).toBe(0);
    const others = async () => ((await peer('small'))?.inSecond ?? 0) + ((await peer('medium'))?.inSecond ?? 0);
    await expect.poll(others).toBeGreaterThan(0);
    await expect.poll(() => row('large').locator('[data-cell="weight"]').textContent()).toBe('0');
    await expect.poll(() => row('large').textContent()).toContain('weight 0, set by alice');
    await expect.poll(() => page.getByText('alice has set the weight of large to 0').count()).toBeGreaterThan(0);

    await act('large', 'registered');
    await expect.poll(async () => (await peer('large'))?.inSecond).toBeGreaterThan(0);
  });

  it('has an operator set a provider aside and restore it here', async () => {
    // One at a time, of three: a machine that is busy may have had one ejected.
    await expect.poll(async () => (await state()).peers.map((one) => one.state)).not.toContain('ejected');
    await act('medium', 'eject');
    await expect.poll(() => row('medium').getAttribute('class')).toBe('state-ejected');
    await act('medium', 'restore');
    await expect.poll(() => row('medium').getAttribute('class')).not.toBe('state-ejected');
  });

  it('turns a killed provider red within two seconds', async () => {
    await expect.poll(() => row('small').getAttribute('class')).toMatch(/serving|warming/);
    const killedAt = performance.now();
    await system.killProvider('small');
    await expect.poll(() => row('small').getAttribute('class'), { interval: 20 }).toMatch(/ejected|failing|probing/);
    expect(performance.now() - killedAt).toBeLessThan(2000);
    const colour = `getComputedStyle(document.querySelector('tr[data-peer^="small-"] .badge')).color`;
    // Red; for a moment, while it is tried again, orange.
    await expect.poll(() => page.evaluate(colour)).toBe('rgb(196, 43, 43)');
    await system.redeployProvider('small');
  });

  it('has an operator switch the policy', async () => {
    await page.getByLabel('Policy').selectOption('roundRobin');
    await expect.poll(async () => (await state()).policy).toBe('roundRobin');
    await expect.poll(() => page.locator('[data-field="policy"]').textContent()).toBe('roundRobin');
  });

  it('says while etcd is away that the list may be old, and no longer', async () => {
    const banner = page.locator('[data-banner="registry"]');
    expect(await banner.count()).toBe(0);
    await system.killEtcd();
    await banner.waitFor();
    expect(await banner.textContent()).toMatch(
      /The registry at 127\.0\.0\.1:\d+ cannot be followed.*Running on the last good list: revision \d+/,
    );
    expect(await page.locator('[data-view="topology"] .etcd title').textContent()).toMatch(
      /^etcd at 127\.0\.0\.1:\d+$/,
    );
    expect((await state()).registry.stale).not.toBe(false);
    system.restartEtcd();
    await banner.waitFor({ state: 'detached' });
  });

  it('has cost no request, and made the browser complain of nothing', () => {
    expect(samples.length).toBeGreaterThan(300);
    expect(samples.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
