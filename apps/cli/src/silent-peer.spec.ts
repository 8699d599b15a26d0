import { Exit } from '@weir/base';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOf } from './command.fixture.ts';
import infer from './commands/infer.ts';
import pkiInit from './commands/pki-init.ts';
import pkiIssue from './commands/pki-issue.ts';
import pkiJoin from './commands/pki-join.ts';
import pkiRenew from './commands/pki-renew.ts';
import replay from './commands/replay.ts';
import status from './commands/status.ts';

/** Less than any command's own patience, ms. */
const timeout = 4_000;

describe('a command whose peer takes connections and says nothing', () => {
  const peer = createServer((socket) => socket.on('error', () => {}));
  const folder = mkdtempSync(join(tmpdir(), 'weir-silent-peer-'));
  const bundle = join(folder, 'bundle');
  const token = `weir-join-1.${'a'.repeat(64)}.${'b'.repeat(32)}.${'c'.repeat(64)}`;
  let address: string;

  beforeAll(async () => {
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    address = `127.0.0.1:${(peer.address() as AddressInfo).port}`;
    const authority = `--authority=${join(folder, 'pki')}`;
    await runOf(pkiInit)(authority);
    await runOf(pkiIssue)('device', 'camera-7', authority, '--out', bundle);
  });
  afterAll(() => {
    peer.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['weir status', status, () => ['--policy', address]],
    ['weir infer', infer, () => [import.meta.filename, '--agent', address]],
    ['weir replay', replay, () => ['--store', `nats://${address}`]],
    ['weir pki join', pkiJoin, () => ['--token', token, '--from', address, '--out', join(folder, 'new')]],
    ['weir pki renew', pkiRenew, () => [bundle, '--from', address, '--force']],
  ])('%s ends at once on Ctrl-C', { timeout }, async (_, command, argv) => {
    const stop = new AbortController();
    const running = runOf(command, stop.signal)(...argv());
    await once(peer, 'connection');
    stop.abort('SIGINT');
    expect((await running).exit).toBe(Exit.interrupted);
  });
});
