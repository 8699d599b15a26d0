import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDocument, root } from '../support/document.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-installation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sh = (script: string, cwd: string) => {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
};
const { blocks } = await readDocument('docs/operations.md');
const blockWith = (words: string) =>
  blocks.find(({ language, text }) => language === 'sh' && text.includes(words))!.text;

describe('docs/operations.md as it stands', () => {
  it('bundles the programs', () => {
    const { status, stdout } = sh(blockWith('npm run bundle'), root);
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('weir COMMAND') as string,
    });
  }, 120_000);

  it('makes an installation that runs by itself, with units that systemd takes', () => {
    const into = join(folder, 'opt');
    const { status, stdout, stderr } = sh(
      blockWith('npm run installation').replaceAll('weir-amd64', into),
      root,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('device-agent: Answers');
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) return;
    for (const unit of readdirSync(join(into, 'systemd')).filter((name) => name.endsWith('.service'))) {
      const file = join(folder, unit);
      const text = readFileSync(join(into, 'systemd', unit), 'utf8');
      writeFileSync(file, text.replaceAll('/opt/weir', into));
      const verified = spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', file], {
        encoding: 'utf8',
      });
      expect({ unit, ...verified }).toMatchObject({ status: 0, stderr: '' });
      const security = ['security', '--offline=true', '--threshold=20', file];
      expect(spawnSync('systemd-analyze', security).status).toBe(0);
    }
  }, 300_000);
});

describe('an installation without development packages', () => {
  it('is much smaller and runs a cell', () => {
    const checkout = join(folder, 'checkout');
    const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
    });
    for (const file of tracked.toString().split('\0').filter(Boolean)) {
      if (!existsSync(join(root, file))) continue;
      mkdirSync(dirname(join(checkout, file)), { recursive: true });
      cpSync(join(root, file), join(checkout, file));
    }
    expect(sh('npm ci --omit=dev --prefer-offline', checkout)).toMatchObject({ status: 0, stderr: '' });
    const megabytes = (path: string) =>
      Number(
        execFileSync('du', ['-sm', join(path, 'node_modules')])
          .toString()
          .split('\t')[0],
      );
    expect(megabytes(checkout)).toBeLessThan(0.7 * megabytes(root));
    const { status, stdout } = sh('npm start --silent -- --devices 1 --requests 3 --json', checkout);
    expect({ status }).toEqual({ status: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ requests: 3, succeeded: 3 });
  }, 300_000);
});
