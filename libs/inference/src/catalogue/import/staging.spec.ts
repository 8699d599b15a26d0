import { FailedPrecondition, InvalidInput, ResourceExhausted } from '@weir/base';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStaging, withReason } from './staging.ts';

let directory: string;
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'weir-staging-'))));
afterAll(() => rm(directory, { recursive: true }));

describe('openStaging', () => {
  it('shows nothing before it is published, and takes the rest away', async () => {
    const model = join(directory, 'mine.onnx');
    await writeFile(model, 'model', { mode: 0o600 });
    {
      await using staging = await openStaging(directory);
      await staging.copy(model, 'other/other.onnx');
      await staging.write('manifest.json', 'text');
      await staging.write('left.json', 'left');
      expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual(['mine.onnx']);
      await staging.publish('other', 'placed');
      await staging.publish('manifest.json');
    }
    expect((await readdir(directory)).sort()).toEqual(['manifest.json', 'mine.onnx', 'placed']);
    expect(await readFile(join(directory, 'placed/other.onnx'), 'utf8')).toBe('model');
    // Readable for whoever serves it.
    expect((await stat(join(directory, 'placed/other.onnx'))).mode & 0o777).toBe(0o644);
  });
});

describe('withReason', () => {
  const failing = (code: string) =>
    withReason('/family', () => Promise.reject(Object.assign(new Error(`${code}: why`), { code })));

  it('tells a full disk from a folder that takes nothing, and leaves other errors alone', async () => {
    await expect(failing('ENOSPC')).rejects.toThrow(ResourceExhausted);
    await expect(failing('ENOSPC')).rejects.toThrow(/no room .* \/family \(ENOSPC: why\).*as it was/);
    await expect(failing('EROFS')).rejects.toThrow(FailedPrecondition);
    await expect(failing('EIO')).rejects.toThrow(/^EIO: why$/);
    const own = new InvalidInput([]);
    await expect(withReason('/family', () => Promise.reject(own))).rejects.toBe(own);
  });
});
