import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailedPrecondition } from './errors.ts';
import { makeFolder } from './make-folder.ts';

describe('makeFolder', () => {
  let root: string;
  beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'weir-folder-'))));
  afterAll(() => rmSync(root, { recursive: true }));

  it('creates a folder with those above it, and leaves one that exists', () => {
    const folder = join(root, 'a/b/c');
    makeFolder(folder);
    makeFolder(folder);
    expect(statSync(folder).isDirectory()).toBe(true);
  });

  it('refuses where there can be no folder, instead of trying for ever', () => {
    writeFileSync(join(root, 'file'), '');
    for (const impossible of ['/proc/x', '/proc/x/y', join(root, 'file'), join(root, 'file/below')])
      expect(() => makeFolder(impossible)).toThrow(FailedPrecondition);
  });

  it('names the folder that was asked for, though one above it is at fault', () => {
    expect(() => makeFolder('/proc/x/y')).toThrow(/^\/proc\/x\/y cannot be a folder .*mkdir '\/proc\/x'/);
  });
});
