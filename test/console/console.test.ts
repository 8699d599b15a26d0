import { silentLogger } from '@weir/base';
import type { ToConsole } from '@weir/cell';
import { configSpec, startConsoleApp } from '@weir/console';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { frame } from '../../apps/console/src/frame.fixture.ts';
import { type WeirProcess, descendants, weir } from '../support/weir.ts';
import { openBrowser, openPage } from './browser.ts';

const screenshots = join(import.meta.dirname, '.weir/screenshots');
const shoot = (page: Page, name: string) =>
  page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });

let browser: Browser;
beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** `weir up` as a user runs it, its page in a real browser. */
describe('the console over a living cell', () => {
  let cell: WeirProcess;
  let url: string;
  beforeAll(async () => {
    // A low floor: there is something to gain from small variants, and to lose when it is raised. A rate that a device can
    // answer by itself though it is slowed down: what it cannot do in time goes elsewhere.
    cell = weir('up', '--devices', '3', '--floor', '0.7', '--rate', '1', '--console', '127.0.0.1:0');
    url = /http\S+/.exec(await cell.line(/^console at http/))![0];
  });
  afterAll(async () => {
    cell?.child.kill('SIGINT');
    await cell?.ended;
  });

  const processOf = (program: string) => {
    const found = descendants(cell.child.pid!).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`apps/${program}/src/main.ts`),
    );
    if (found === undefined) throw new Error(`no ${program} runs`);
    return found;
  };
  const soon = <T>(check: () => Promise<T>, timeout: number) => vi.waitFor(check, { timeout, interval: 200 });
  /** Waits until each device's frames run where a name is (or, `every: false`, is not) in the text. */
  const allOn = (page: Page, text: string, every: boolean, timeout: number) =>
    soon(async () => {
      const cards = await page.locator('.card').all();
      expect(cards).toHaveLength(3);
      for (const card of cards) {
        const rows = await card.locator('.placements li').allInnerTexts();
        expect(rows).not.toEqual([]);
        for (const row of rows) expect(row.includes(text), row).toBe(every);
      }
    }, timeout);
  const changes = async (page: Page, selector: string) => {
    const first = await page.locator(selector).innerText();
    await soon(async () => expect(await page.locator(selector).innerText()).not.toBe(first), 10_000);
  };

  it('shows where each device’s frames run and where the time goes', async () => {
    await using opened = await openPage(browser, url);
    const { page, faults } = opened;
    for (const device of ['device-1', 'device-2', 'device-3'])
      await page.locator(`.card[data-device=${device}] .placements li`).first().waitFor({ timeout: 10_000 });
    await page.locator('.traces li').first().waitFor();
    await page.locator('[data-node=edge-1]').waitFor();
    await page.getByRole('status').getByText('live').waitFor();
    expect(await page.locator('.figures').innerText()).toMatch(/response\s+\d+(\.\d)? ms/);
    expect(await page.locator('.card .hops rect').count()).toBe(18);
    // Live: what is shown goes on changing.
    await changes(page, '.traces');
    expect(faults).toEqual([]);
  });

  it.each([
    ['light', { colorScheme: 'light' as const }],
    ['dark', { colorScheme: 'dark' as const }],
    ['phone', { colorScheme: 'light' as const, viewport: { width: 390, height: 844 }, hasTouch: true }],
    ['phone-dark', { colorScheme: 'dark' as const, viewport: { width: 360, height: 740 } }],
  ])('is readable: %s', async (name, options) => {
    await using opened = await openPage(browser, url, options);
    const { page, faults } = opened;
    await page.locator('.traces li').first().waitFor();
    await page.locator('.chart canvas').nth(3).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await shoot(page, name);
    expect(faults).toEqual([]);
  });

  it('moves the floor by keyboard, and the cell places its frames anew', async () => {
    await using opened = await openPage(browser, url);
    const { page, faults } = opened;
    /** Per cent, over the last 30 s. */
    const promised = async () =>
      Number(/accuracy\s+([\d.]+) %/i.exec(await page.locator('.figures').innerText())?.[1]);
    await page.locator('.placements li').first().waitFor();

    const slider = page.getByRole('slider', { name: /accuracy floor/i });
    const most = Number(await slider.getAttribute('max')) * 100;
    expect(await promised()).toBeLessThan(most - 1);
    await slider.focus();
    await page.keyboard.press('End');
    await page
      .locator('.figures')
      .getByText(`floor ${most.toFixed(1)} %`)
      .waitFor({ timeout: 10_000 });
    await soon(async () => expect(await promised()).toBeGreaterThan(most - 0.2), 60_000);
    await shoot(page, 'high-floor');

    await slider.focus();
    await page.keyboard.press('Home');
    await soon(async () => expect(await promised()).toBeLessThan(most - 1), 60_000);
    expect(faults).toEqual([]);
  });

  it('switches the learner, and back', async () => {
    await using opened = await openPage(browser, url);
    const { page, faults } = opened;
    const learner = page.getByRole('combobox', { name: 'Learner' });
    await learner.selectOption('edge-only');
    await page.locator('.figures').getByText('edge-only').waitFor({ timeout: 10_000 });
    await allOn(page, 'edge-1', true, 30_000);
    await shoot(page, 'edge-only');
    expect(faults).toEqual([]);
  });

  it('cuts the links to the edge: seen within 2 s, and the frames go elsewhere', async () => {
    await using opened = await openPage(browser, url);
    const { page, faults } = opened;
    await allOn(page, 'edge-1', true, 30_000);
    const group = page.getByRole('group', { name: 'All links to edge-1' });
    // What the device itself finds, not what was asked for.
    const cut = page.locator('[data-link="device-1 edge-1"][data-reachable=false]');
    const whole = page.locator('[data-link="device-1 edge-1"][data-reachable=true]');
    await whole.waitFor();
    const cutAt = performance.now();
    await group.getByRole('button', { name: 'cut' }).click();
    await cut.waitFor({ timeout: 10_000 });
    const seenMs = performance.now() - cutAt;
    console.log(`the cut was seen after ${seenMs.toFixed(0)} ms`);
    await allOn(page, 'edge-1', false, 20_000);
    await shoot(page, 'edge-cut');
    await group.getByRole('button', { name: 'normal' }).click();
    await whole.waitFor({ timeout: 20_000 });
    await allOn(page, 'edge-1', true, 30_000);
    await page.getByRole('combobox', { name: 'Learner' }).selectOption('planner');
    await page.locator('.figures').getByText('planner').waitFor();
    expect(faults).toEqual([]);
  });

  it('slows a device, whose own answers then take longer', async () => {
    await using opened = await openPage(browser, url);
    const { page, faults } = opened;
    await page.getByRole('combobox', { name: 'Learner' }).selectOption('device-only');
    await allOn(page, 'device-', true, 30_000);
    const computeOf = async () => {
      const card = page.locator('.card[data-device=device-2] .hops title');
      const [, compute] = /compute ([\d.]+) ms/.exec((await card.textContent()) ?? '') ?? [];
      return Number(compute);
    };
    const before = await computeOf();
    await page.getByLabel('Processor of device-2').selectOption('4× slower');
    await page.locator('[data-device=device-2] .badge').waitFor();
    await soon(async () => expect(await computeOf()).toBeGreaterThan(before * 2.5), 20_000);
    await page.getByLabel('Processor of device-2').selectOption('normal');
    await page.getByRole('combobox', { name: 'Learner' }).selectOption('planner');
    await page.locator('.figures').getByText('planner').waitFor();
    expect(faults).toEqual([]);
  });

  it('survives the death of PolicyService, and shows it', async () => {
    await using opened = await openPage(browser, url);
    const { page, faults } = opened;
    await page.locator('.traces li').first().waitFor();
    process.kill(processOf('policy-service'), 'SIGKILL');
    await page.getByText('PolicyService is silent').first().waitFor({ timeout: 10_000 });
    await page.getByText('policy is back').waitFor({ timeout: 30_000 });
    await page.locator('.notices p').first().waitFor({ state: 'detached', timeout: 30_000 });
    await page.getByRole('status').getByText('live').waitFor();
    await changes(page, '.figures');
    expect(faults).toEqual([]);
  });

  it('connects again by itself when the console itself was away', async () => {
    await using opened = await openPage(browser, url);
    const { page, faults } = opened;
    await page.locator('.traces li').first().waitFor();
    process.kill(processOf('console'), 'SIGKILL');
    await page.getByText('The console does not answer').waitFor({ timeout: 10_000 });
    await page.getByRole('status').getByText('live').waitFor({ timeout: 30_000 });
    await page.locator('.traces li').first().waitFor({ timeout: 10_000 });
    // Chromium itself logs that nothing listened for a while, also to who asked for the cells; the page has nothing to complain of.
    expect(faults.filter((fault) => !/ERR_|\/cells$/.test(fault))).toEqual([]);
  });
});

describe('what others named', () => {
  it('is text on the page, never markup', async () => {
    const hostile = '<img src=x onerror="document.title=\'owned\'">';
    let tell: (message: ToConsole) => void = () => {};
    const parent = { onMessage: (listener: typeof tell) => void (tell = listener), send: () => {} };
    // No service is there at all: the page says so, and shows what it has.
    const config = configSpec.schema.parse({ policy: '127.0.0.1:1' });
    await using app = await startConsoleApp(config, { logger: silentLogger, parent });
    tell({ kind: 'cell', emulation: { links: [], devices: [{ id: hostile, slowdown: 1 }] } });
    const record = frame({ deviceId: hostile, label: hostile, variant: hostile, nodeId: hostile });
    tell({ kind: 'frames', at: record.at, answered: [record], failed: [] });
    tell({ kind: 'process', event: { kind: 'died', name: hostile, detail: hostile } });
    await using opened = await openPage(browser, `http://${app.address}/`);
    const { page, faults } = opened;
    await page.locator('.traces').getByText(hostile).first().waitFor();
    await page.getByText('PolicyService is silent').first().waitFor();
    expect(await page.locator('img:not([src="/icon.svg"])').count()).toBe(0);
    expect(await page.title()).toBe('Weir console');
    expect(faults).toEqual([]);
  });
});
