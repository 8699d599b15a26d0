import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './support/document.ts';
import { descendants, isAlive, weir } from './support/weir.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: { start: string };
};

/** npm, a shell and Weir: a signal to npm alone reaches the shell, which `npm start` replaces by Weir. */
describe('npm, when it is told to stop', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-npm-'));
  beforeAll(async () => expect((await weir('pki', 'init', '--authority', folder).ended).code).toBe(0));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['npx weir', 'weir up', 'SIGTERM'],
    ['npm start', scripts.start, 'SIGTERM'],
    ['npm start', scripts.start, 'SIGINT'],
  ] as const)('leaves nothing of %s behind (%s, %s)', async (_what, script, signal) => {
    // A command that lasts as well, and takes less than a cell.
    const command = script.replace(/up$/, `pki serve --authority ${folder} --listen 127.0.0.1:0`);
    const npm = spawn('npm', ['exec', '-c', command], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(npm, 'exit');
    await once(createInterface({ input: npm.stdout }), 'line');
    const started = descendants(npm.pid!);
    expect(started.length).toBeGreaterThanOrEqual(1);
    npm.kill(signal);
    await ended;
    await expect.poll(() => started.filter(isAlive), { timeout: 20_000, interval: 100 }).toEqual([]);
  });
});
