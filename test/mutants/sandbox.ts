import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const rootFiles = [
  'package.json',
  'vitest.config.ts',
  'tsconfig.base.json',
  'tsconfig.json',
  'test/mutants/vitest.config.ts',
  'test/mutants/no-shrinking.ts',
];
const skipped = new Set(['node_modules', '.weir', '.vite']);

/**
 * A copy of the code that can be broken without touching the working tree: its sources, Weir's packages linked
 * among each other, third-party packages linked to those installed. Disposing removes it.
 */
export function createSandbox(root: string): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'weir-mutants-'));
  for (const file of rootFiles) cpSync(join(root, file), join(path, file));
  for (const folder of ['libs', 'apps'])
    cpSync(join(root, folder), join(path, folder), {
      recursive: true,
      filter: (source) => !skipped.has(basename(source)),
    });
  const [installed, linked] = [join(root, 'node_modules'), join(path, 'node_modules')];
  mkdirSync(linked);
  for (const name of readdirSync(installed))
    if (!name.startsWith('.') && name !== '@weir') symlinkSync(join(installed, name), join(linked, name));
  // npm's links are relative (../../libs/base): copied as they are, they lead to the copies.
  cpSync(join(installed, '@weir'), join(linked, '@weir'), { recursive: true, verbatimSymlinks: true });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}
