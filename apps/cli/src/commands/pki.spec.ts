import { Exit } from '@weir/base';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import init from './pki-init.ts';
import issue from './pki-issue.ts';
import join1 from './pki-join.ts';
import renew from './pki-renew.ts';
import revoke from './pki-revoke.ts';
import show from './pki-show.ts';
import token from './pki-token.ts';

let folder: string;
const commands = { init, issue, renew, revoke, show, token, join: join1 };
/** The document of a command on this test's authority. */
async function weirPki(command: keyof typeof commands, ...argv: string[]): Promise<Record<string, unknown>> {
  const authority = command === 'join' ? [] : [`--authority=${join(folder, 'pki')}`];
  const { lines, exit } = await runOf(commands[command])(...argv, ...authority, '--json');
  return { ...(JSON.parse(lines.join('')) as Record<string, unknown>), exit };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-cli-pki-'));
  await weirPki('init');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('weir pki', () => {
  it('issues bundles of plain files', async () => {
    const { folder: bundle } = await weirPki('issue', 'service', 'policy', '--dns=policy,localhost');
    expect(readdirSync(bundle as string).toSorted()).toEqual(['ca.pem', 'cert.pem', 'crl.pem', 'key.pem']);
  });

  it('shows what was issued, and on request what is revoked', async () => {
    await weirPki('issue', 'device', 'camera-7');
    await weirPki('issue', 'node', 'edge-1', '--cell=hall');
    await weirPki('revoke', 'device', 'camera-7');
    expect(await weirPki('show')).toMatchObject({
      certificates: [{ name: 'edge-1', cell: 'hall', state: 'valid' }],
    });
    expect(await weirPki('show', '--all')).toMatchObject({
      certificates: [{ name: 'camera-7', cell: 'cell-1', state: 'revoked' }, { name: 'edge-1' }],
    });
  });

  it('revokes every certificate of a name, of one cell when it is named', async () => {
    await weirPki('issue', 'device', 'camera-7', '--cell=a', `--out=${join(folder, 'a')}`);
    await weirPki('issue', 'device', 'camera-7', '--cell=a', `--out=${join(folder, 'a2')}`);
    await weirPki('issue', 'device', 'camera-7', '--cell=b', `--out=${join(folder, 'b')}`);
    const { revoked, bundles } = await weirPki('revoke', 'device', 'camera-7', '--cell=a');
    expect(revoked).toMatchObject([{ cell: 'a' }, { cell: 'a' }]);
    expect(bundles).toHaveLength(3);
  });

  it('has nothing to renew at first, and renews by force; one failure does not keep it from the others', async () => {
    await weirPki('issue', 'device', 'camera-7', `--out=${join(folder, 'a')}`);
    await weirPki('issue', 'device', 'camera-8', `--out=${join(folder, 'b')}`);
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    expect(await weirPki('renew')).toEqual({ renewed: [], unchanged: [a, b], failed: [], exit: Exit.done });
    await weirPki('revoke', 'device', 'camera-7');
    const key = readFileSync(join(b, 'key.pem'), 'utf8');
    expect(await weirPki('renew', '--force')).toMatchObject({
      renewed: [b],
      failed: [{ bundle: a, error: expect.stringContaining('revoked') as string }],
      exit: Exit.failed,
    });
    expect(readFileSync(join(b, 'key.pem'), 'utf8')).not.toBe(key);
  });

  it.each([
    ['issue', ['device'], 'SUBJECT: expected KIND NAME'],
    ['issue', ['robot', 'r2'], 'kind: expected one of: device, node, operator, service'],
    ['issue', ['service', 'policy', '--cell=a'], 'cell: a service belongs to no cell'],
    ['revoke', ['device', 'camera-9'], '--authority: no such certificate'],
    ['revoke', [], 'SUBJECT: expected KIND NAME or --serial'],
    ['init', [], '--authority: .*already holds an authority'],
    ['token', ['device', 'a b'], 'name: expected 1..128'],
    ['join', ['--from=127.0.0.1:1', '--token=nonsense'], 'token: is none of weir pki token'],
  ] as const)('%s %j is refused: %s', async (command, argv, told) => {
    await expect(weirPki(command, ...argv)).rejects.toThrow(new RegExp(told));
  });
});
