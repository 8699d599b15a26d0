import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = dirname(import.meta.dirname);

describe('the lint rule for circles of imports', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'weir-circles-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const lint = (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const args = ['--config', join(root, 'oxlint.config.ts'), ...Object.keys(files)];
    return spawnSync(join(root, 'node_modules/.bin/oxlint'), args, { cwd: folder, encoding: 'utf8' });
  };

  it('refuses a circle of types alone', () => {
    const { status, stdout } = lint({
      'chicken.ts': "import type { Egg } from './egg.ts';\nexport interface Chicken { egg: Egg }\n",
      'egg.ts': "import type { Chicken } from './chicken.ts';\nexport interface Egg { chicken: Chicken }\n",
    });
    expect(status).toBe(1);
    expect(stdout).toContain('no-cycle');
  });

  it('lets imports that lead one way pass', () => {
    const { status, stdout } = lint({
      'above.ts': "import type { Ground } from './ground.ts';\nexport interface Above { on: Ground }\n",
      'ground.ts': 'export interface Ground { level: number }\n',
    });
    expect(stdout).not.toContain('no-cycle');
    expect(status).toBe(0);
  });
});
