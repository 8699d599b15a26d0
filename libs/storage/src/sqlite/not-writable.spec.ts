import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { notWritable } from './not-writable.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-not-writable-'));
afterAll(() => rmSync(directory, { recursive: true }));

function errorOf(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('notWritable', () => {
  it('names a full disk', () => {
    using database = new DatabaseSync(join(directory, 'full.db'));
    database.exec('pragma max_page_count = 2; create table t(x)');
    const full = errorOf(() => database.exec(`insert into t values (zeroblob(100000))`));
    expect(notWritable(full)).toMatch(/full \(ENOSPC\)/);
  });

  it('names a file that is read-only', () => {
    const path = join(directory, 'read-only.db');
    new DatabaseSync(path).close();
    using database = new DatabaseSync(path, { readOnly: true });
    expect(notWritable(errorOf(() => database.exec('create table t(x)')))).toMatch(/read-only \(EROFS/);
  });

  it('is silent on a fault of a statement or of the code', () => {
    using database = new DatabaseSync(':memory:');
    expect(notWritable(errorOf(() => database.exec('insert into nothing values (1)')))).toBeUndefined();
    expect(notWritable(new TypeError('broken'))).toBeUndefined();
  });
});
