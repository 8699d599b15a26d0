import { connectAgent } from '@weir/cell';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readDocument, root } from './support/document.ts';
import { freePort } from './support/free-port.ts';
import { programs, type Started } from './support/programs.ts';

const { blocks } = await readDocument('docs/certificates.md');
const [issuing, starting] = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);

/** `npx weir` and `node dist/SERVICE.js` of this working copy, from its sources, in a folder that is none. */
const shell = `
npx() { shift; ${process.execPath} ${root}/apps/cli/bin/weir.mjs "$@"; }
node() { local app=\${1#dist/}; shift; exec ${process.execPath} ${root}/apps/\${app%.js}/src/main.ts "$@"; }
`;

/** The lines of docs/certificates.md as they stand; ports and the state's folder are free ones. */
describe('a cell by the lines of docs/certificates.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-certificates-'));
  const running = programs();
  let lines: string[];
  let worker: Started;
  let agent: Started;
  const run = (line: string) =>
    execFileSync('bash', ['-c', `${shell}${line}`], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  const start = (line: string) =>
    running.start(['bash', '-c', `${shell}${lines[0]}\n${line}`], { cwd: folder });
  const status = async () => {
    await using device = connectAgent(agent.address);
    return await device.status();
  };
  const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 200 });

  beforeAll(async () => {
    run(issuing!);
    let text = starting!.replaceAll('\\\n', ' ').replace('/var/lib/weir', join(folder, 'state'));
    for (const port of ['7001', '7100', '7200']) text = text.replaceAll(port, String(await freePort()));
    lines = text.split('\n').filter(Boolean);
    const [telemetry, policy, edge, camera] = lines.filter((line) => line.startsWith('node dist/'));
    [, , worker] = await Promise.all([
      start(telemetry!),
      start(policy!),
      start(`${edge} --variants mobilenet-v1-0.25-int8`),
    ]);
    agent = await start(`${camera} --listen 127.0.0.1:0 --local-variants none`);
  }, 120_000);

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  it('comes up, and answers its operator', async () => {
    await until(async () => {
      const { policyConnected, targets, peerFaults, certificates } = await status();
      expect(policyConnected).toBe(true);
      expect(targets.find(({ nodeId }) => nodeId === 'edge-1')?.reachable).toBe(true);
      expect(peerFaults).toEqual([]);
      expect(certificates).toMatchObject([{ due: false }]);
    });
    expect(run(`${lines[0]}\n${lines.at(-1)}`)).toContain('1 of 1 devices connected');
  }, 60_000);

  it('goes on while every certificate is replaced', async () => {
    const expiresAt = async () => Date.now() + (await status()).certificates[0]!.expiresInMs;
    const before = await expiresAt();
    run('npx weir pki renew --force');
    // Certificates tell whole seconds, and the cell has taken more than one to start.
    await until(async () => expect(await expiresAt()).toBeGreaterThan(before + 500));
    expect((await status()).policyConnected).toBe(true);
    expect(run(`${lines[0]}\n${lines.at(-1)}`)).toContain('1 of 1 devices connected');
  }, 60_000);

  it('turns out a node that is revoked, live, and says why', async () => {
    // The node's own certificate: everybody leaves it.
    run('npx weir pki revoke node edge-1');
    await until(async () => {
      const { targets, peerFaults } = await status();
      expect(targets.find(({ nodeId }) => nodeId === 'edge-1')?.reachable).toBe(false);
      expect(peerFaults).toMatchObject([{ peer: 'edge-1', cause: 'revoked' }]);
    });
  }, 60_000);

  it('takes it back by a new certificate', async () => {
    run('npx weir pki issue node edge-1 --dns edge-1,localhost --ip 127.0.0.1');
    await until(async () => {
      // They look at their files by themselves too; whom they do not trust they would ask again after a minute.
      for (const { child } of [worker, agent]) child.kill('SIGHUP');
      const { targets, peerFaults } = await status();
      expect(targets.find(({ nodeId }) => nodeId === 'edge-1')?.reachable).toBe(true);
      expect(peerFaults).toEqual([]);
    });
  }, 60_000);
});
