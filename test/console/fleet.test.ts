import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet.ts';
import { endProgram, type Started } from '../support/programs.ts';
import { openBrowser, openPage } from './browser.ts';

const screenshots = join(import.meta.dirname, '.weir/screenshots');
const shoot = (page: Page, name: string) =>
  page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });

/** The page over processes that `weir up` did not start: nothing is emulated, and nobody reports single frames. */
describe('the console over one’s own fleet', () => {
  let browser: Browser;
  let fleet: Fleet;
  let edge: Started;
  let url: string;
  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    browser = await openBrowser();
    fleet = await startFleet();
    edge = await fleet.edge('hall');
    const devices = await Promise.all([
      fleet.device('hall', 'camera-1'),
      fleet.device('hall', 'camera-2', `--targets=edge-1=edge@${edge.address}`),
      fleet.device('yard', 'camera-3'),
    ]);
    for (const { send } of devices) send(100);
    url = await fleet.console();
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.[Symbol.asyncDispose]();
  });

  /** A page that shows the cell hall, its frames included. */
  async function openHall(options: Parameters<typeof openPage>[2] = {}) {
    const opened = await openPage(browser, `${url}/?cell=hall`, options);
    const { page } = opened;
    for (const device of ['camera-1', 'camera-2'])
      await page.locator(`.card[data-device=${device}] .placements li`).first().waitFor({ timeout: 30_000 });
    return opened;
  }

  it('shows rates, hops, percentiles, reasons, energy and the newest answers', async () => {
    await using opened = await openHall();
    const { page, faults } = opened;
    await page.locator('.traces li').first().waitFor();
    await page.locator('.chart canvas').nth(3).waitFor();
    const figures = await page.locator('.figures').innerText();
    expect(figures).toMatch(/response\s+[\d.]+ m?s p95 [\d.]+ m?s/);
    expect(figures).toMatch(/frames\s+[\d.]+\/s/);
    expect(figures).toMatch(/energy\s+[\d.]+ m?J an answer/);
    const card = await page.locator('.card[data-device=camera-1]').innerText();
    expect(card).toMatch(/because\s+(planned|explored|deviated|fallback) \d+ %/);
    expect(await page.locator('.card .hops rect').count()).toBe(12);
    expect(faults).toEqual([]);
  });

  it('offers nothing to disturb where nothing is emulated', async () => {
    await using opened = await openHall();
    const { page } = opened;
    expect(await page.locator('.disturb, .segments, .clickable').count()).toBe(0);
    expect(await page.getByRole('slider', { name: /accuracy floor/i }).isEnabled()).toBe(true);
  });

  it('scales the floor by what the cell can attain, and takes a move by keys as one change', async () => {
    await using opened = await openHall();
    const { page, faults } = opened;
    const slider = page.getByRole('slider', { name: /accuracy floor/i });
    expect(Number(await slider.getAttribute('max'))).toBeCloseTo(0.842, 3);
    await slider.focus();
    await page.keyboard.press('End');
    for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowLeft');
    await page.locator('.events').getByText('floor set to 83.9 %').waitFor();
    await page.locator('.figures').getByText('floor 83.9 %').waitFor();
    expect(await page.locator('.events').getByText('floor set').count()).toBe(1);
    expect(faults).toEqual([]);
  });

  it('lets another cell be chosen, and names it in the address', async () => {
    await using opened = await openHall();
    const { page, faults } = opened;
    await page.getByRole('combobox', { name: 'Cell' }).selectOption('yard');
    await page.locator('.card[data-device=camera-3]').waitFor();
    expect(new URL(page.url()).searchParams.get('cell')).toBe('yard');
    expect(await page.locator('.card').count()).toBe(1);
    await page.reload();
    await page.locator('.card[data-device=camera-3]').waitFor();
    expect(faults).toEqual([]);
  });

  it.each([
    ['fleet', {}],
    ['fleet-dark', { colorScheme: 'dark' as const }],
    ['fleet-phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
  ])('is readable: %s', async (name, options) => {
    await using opened = await openHall({ colorScheme: 'light', ...options });
    const { page, faults } = opened;
    await page.locator('.traces li').first().waitFor();
    await page.locator('.chart canvas').nth(3).waitFor();
    if (name === 'fleet-phone') {
      // There is no room beside the lines.
      const links = await page.getByRole('list', { name: 'Links' }).innerText();
      expect(links).toMatch(/camera-1 – edge-1 [\d.]+ ms · [\d.]+\/s/);
    }
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await shoot(page, name);
    expect(faults).toEqual([]);
  });

  it('says why the edge cannot be reached, and why the floor is not met', async () => {
    await using opened = await openHall();
    const { page, faults } = opened;
    await endProgram(edge.child, 'SIGKILL');
    const events = page.locator('.events');
    await events.getByText('edge-1 has left without draining').waitFor({ timeout: 30_000 });
    const cause = 'edge-1 cannot be reached by camera-2: nobody listens at its address';
    await events.getByText(cause).waitFor({ timeout: 30_000 });
    await page.locator('.card[data-device=camera-2]').getByText('nobody listens at its address').waitFor();
    await page.locator('.notices').getByText('The accuracy floor is not met').waitFor({ timeout: 30_000 });
    await shoot(page, 'fleet-edge-away');
    await fleet.edge('hall', edge.address);
    await events.getByText('edge-1 has restarted').waitFor({ timeout: 30_000 });
    await page.locator('.notices p').first().waitFor({ state: 'detached', timeout: 30_000 });
    expect(faults).toEqual([]);
  });

  it('says that two agents run as one device', async () => {
    await using opened = await openHall();
    const { page } = opened;
    await fleet.device('hall', 'camera-1');
    const events = page.locator('.events');
    await events.getByText('two report as camera-1 at once').waitFor({ timeout: 60_000 });
    await events.getByText('two agents at once').waitFor({ timeout: 60_000 });
    await shoot(page, 'fleet-twice');
  });
});
