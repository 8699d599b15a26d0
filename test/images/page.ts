/** Opens the console in a browser, waits until it shows the devices named, and prints what it says; keeps a picture of it. */
import { openBrowser, openPage } from '../console/browser.ts';

export interface PageAsked {
  readonly url: string;
  readonly devices: readonly string[];
  /** Of the picture. */
  readonly path: string;
}
export interface PageTold {
  readonly text: string;
  /** What the log of the page says is wrong. */
  readonly faults: readonly string[];
}

const { url, devices, path } = JSON.parse(process.argv[2]!) as PageAsked;
await using browser = await openBrowser();
const { page, faults } = await openPage(browser, url);
for (const device of devices)
  await page.locator(`.card[data-device=${device}] .placements li`).first().waitFor();
await page.screenshot({ path, fullPage: true });
const told: PageTold = { text: await page.locator('body').innerText(), faults };
console.log(JSON.stringify(told));
