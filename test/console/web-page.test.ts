import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loadConfig, silentLogger } from '@weir/base';
import { type DeviceAgentApp, configSpec, startDeviceAgent } from '@weir/device-agent';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sample } from '../support/client-contract.ts';
import { root } from '../support/document.ts';
import { openBrowser } from './browser.ts';

/** clients/web/page.html in a real browser, over an agent by itself. */
describe('the page that asks an agent', () => {
  let browser: Browser;
  let agent: DeviceAgentApp;
  const servers: Server[] = [];
  let [listed, unlisted] = ['', ''];

  async function servePage(): Promise<string> {
    const html = readFileSync(join(root, 'clients/web/page.html'));
    const server = createServer((_, response) =>
      response.setHeader('Content-Type', 'text/html').end(html),
    ).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://localhost:${(server.address() as AddressInfo).port}`;
  }

  beforeAll(async () => {
    [browser, listed, unlisted] = await Promise.all([openBrowser(), servePage(), servePage()]);
    const argv = [
      '--local-variants=mobilenet-v1-0.25-int8',
      '--web-listen=127.0.0.1:0',
      `--web-origins=${listed}`,
    ];
    agent = await startDeviceAgent(loadConfig(configSpec, { argv, env: {} }), { logger: silentLogger });
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
    await agent?.[Symbol.asyncDispose]();
  });

  async function openPage(origin: string) {
    const page = await browser.newPage();
    await page.goto(`${origin}/?agent=http://${agent.webAddress}`);
    return page;
  }

  it('is about thirty lines', () => {
    expect(
      readFileSync(join(root, 'clients/web/page.html'), 'utf8').trimEnd().split('\n').length,
    ).toBeLessThan(40);
  });

  it('shows what a picture is', async () => {
    const page = await openPage(listed);
    await page.locator('input').setInputFiles(sample(0));
    await page.getByText(/^[\w-]+, device-1 mobilenet-v1-0\.25-int8, \d+\.\d ms$/).waitFor();
  });

  it('says why a file that is no picture has no answer', async () => {
    const page = await openPage(listed);
    await page
      .locator('input')
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('?') });
    await page.getByText(/^no answer: invalid_argument .*neither PNG nor JPEG$/).waitFor();
  });

  it('gets nothing where its origin is not listed', async () => {
    const page = await openPage(unlisted);
    await page.locator('input').setInputFiles(sample(0));
    await page.getByText(/^no answer: {1,2}Failed to fetch$/).waitFor();
  });

  it('can read a stream from the server: health, as it changes', async () => {
    const page = await openPage(listed);
    const first = await page.evaluate(async (address) => {
      const message = new TextEncoder().encode('{}');
      const body = new Uint8Array(5 + message.length);
      new DataView(body.buffer).setUint32(1, message.length);
      body.set(message, 5);
      const leaving = new AbortController();
      const response = await fetch(`http://${address}/grpc.health.v1.Health/Watch`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/connect+json' },
        body,
        signal: leaving.signal,
      });
      const { value } = (await response.body!.getReader().read()) as { value: Uint8Array };
      leaving.abort();
      return new TextDecoder().decode(value.subarray(5));
    }, agent.webAddress!);
    expect(JSON.parse(first)).toEqual({ status: 'SERVING' });
  });
});
