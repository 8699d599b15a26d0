import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../docker/bundle/build.ts';
import { native } from '../../docker/bundle/programs.ts';
import { readDocument, root } from '../support/document.ts';
import { type Host, openHost } from './network.ts';

const { text } = await readDocument('docs/certificates.md');
const section = /^## A cell over addresses of its own$([\s\S]*?)^## /m.exec(text)![1]!;
const [network, issuing, starting, asking, ending] = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
  ([, lines]) => lines!,
);

/** Its lines as they stand, pasted into a shell of root's, on a host whose network is its own. */
describe('a cell over addresses of its own by the lines of docs/certificates.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-network-'));
  let host: Host;
  let paste: (lines: string) => Promise<{ readonly code: number; readonly said: string }>;
  let close: () => Promise<unknown>;

  beforeAll(async () => {
    // A checkout, as far as the lines go, whose pki and logs are the test's own.
    await bundle(join(folder, 'dist'));
    for (const name of native)
      symlinkSync(join(root, 'node_modules', name), join(folder, 'dist/node_modules', name));
    symlinkSync(join(root, 'libs'), join(folder, 'libs'));
    mkdirSync(join(folder, 'bin'));
    const npx = `#!/bin/sh\nshift\nexec ${process.execPath} ${root}/apps/cli/bin/weir.mjs "$@"\n`;
    writeFileSync(join(folder, 'bin/npx'), npx);
    chmodSync(join(folder, 'bin/npx'), 0o755);
    host = await openHost();
    const [program, ...argv] = host.command(['bash']);
    const shell = spawn(program!, argv, {
      env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    const told = createInterface({ input: shell.stdout });
    const answers = told[Symbol.asyncIterator]();
    shell.stdin.write(`exec 2>&1; cd ${folder}\n`);
    paste = async (lines) => {
      said.length = 0;
      shell.stdin.write(`${lines}\necho "pasted $?"\n`);
      for (;;) {
        const { value, done } = await answers.next();
        if (done) throw new Error(`the shell has ended:\n${said.join('\n')}`);
        const [, code] = /^pasted (\d+)$/.exec(value) ?? [];
        if (code !== undefined) return { code: Number(code), said: said.join('\n') };
        said.push(value);
      }
    };
    close = () => (shell.stdin.end(), once(shell, 'exit'));
  });
  afterAll(async () => {
    await close?.();
    await host?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gets its machines, its certificates and its programs', async () => {
    expect(await paste(network!)).toEqual({ code: 0, said: '' });
    expect(await paste(issuing!)).toMatchObject({ code: 0 });
    expect(await paste(starting!)).toEqual({ code: 0, said: '' });
  }, 120_000);

  it('answers its operator on the host, and an application on a device, at a worker that nobody named', async () => {
    const answered =
      /2 of 2 devices connected[\s\S]*scene-0000\.png: ankle-boot[\s\S]*ran on (edge|cloud)-1 /;
    await expect
      .poll(() => paste(asking!), { timeout: 150_000, interval: 500 })
      .toMatchObject({ code: 0, said: expect.stringMatching(answered) as string });
  }, 180_000);

  it('tells nothing without a certificate, and lets none but an operator steer', async () => {
    const asked = await paste('npx weir status --policy 10.77.0.2:7100');
    expect(asked.code).not.toBe(0);
    const set = 'npx weir objective set --floor 0 --policy 10.77.0.2:7100';
    const refused = await paste(`ip netns exec camera-1 ${set} $(tls pki/bundles/device-camera-1)`);
    expect(refused).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^weir: device camera-1 of cell-1 may not call/) as string,
    });
  });

  it('leaves nothing behind', async () => {
    expect(await paste(ending!)).toMatchObject({ code: 0 });
    expect(await paste('ip netns list; ip -br link show type bridge; jobs -r')).toEqual({
      code: 0,
      said: '',
    });
  });
});
