import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frameColumns } from './frame-columns.ts';
import type { FrameRecord } from './frame-record.ts';
import { WriteFailed, openFramesFile } from './frames-file.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'weir-frames-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Any value that a column's type allows, null included. */
const anything = {
  STRING: fc
    .string({ unit: fc.constantFrom('a', ',', '"', '\r', '\n', ' ', 'é') })
    .filter((text) => text !== ''),
  DOUBLE: fc.double({ noNaN: true }),
  INT32: fc.integer(),
  INT64: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  BOOLEAN: fc.boolean(),
};
const anyFrame = fc.record(
  Object.fromEntries(frameColumns.map(({ name, type }) => [name, fc.option<unknown>(anything[type])])),
) as unknown as fc.Arbitrary<FrameRecord>;
const [oneFrame] = fc.sample(anyFrame, { numRuns: 1, seed: 1 }) as [FrameRecord];

function write(name: string, frames: readonly FrameRecord[]): string {
  using file = openFramesFile(join(folder, name));
  for (const frame of frames) file.add(frame);
  file.finish();
  return file.path;
}

describe('a file of frames', () => {
  it('gives back from Parquet what was put in, each column with its type', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { maxLength: 20 }), async (frames) => {
        const file = await asyncBufferFromFile(write('x.parquet', frames));
        expect(await parquetReadObjects({ file })).toEqual(frames.map((frame) => ({ ...frame })));
        const { schema } = await parquetMetadataAsync(file);
        expect(schema.slice(1).map(({ name, type }) => [name, type])).toEqual(
          frameColumns.map(({ name, type }) => [name, type === 'STRING' ? 'BYTE_ARRAY' : type]),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('gives back from CSV what was put in, as text, and nothing for null', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), (frames) => {
        const text = readFileSync(write('x.csv', frames), 'utf8');
        const rows = parse(text, { record_delimiter: '\r\n', relax_column_count: false });
        expect(rows[0]).toEqual(frameColumns.map(({ name }) => name));
        expect(rows.slice(1)).toEqual(
          frames.map((frame) =>
            frameColumns.map(({ name }) => (frame[name] === null ? '' : String(frame[name]))),
          ),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('is not in its place before it is whole, and leaves what was there when it does not become so', () => {
    const path = join(folder, 'x.csv');
    writeFileSync(path, 'before');
    {
      using file = openFramesFile(path);
      file.add(oneFrame);
      expect(readFileSync(path, 'utf8')).toBe('before');
    }
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['x.csv']);
  });

  it.each(['x.json', 'x', 'x.PARQUET.gz'])('refuses %s, naming the endings that there are', (name) => {
    expect(() => openFramesFile(join(folder, name))).toThrow(/ends in \.csv or \.parquet/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a folder that is not there', () => {
    expect(() => openFramesFile(join(folder, 'none', 'x.parquet'))).toThrow(/x\.parquet: ENOENT/);
  });

  it.skipIf(!existsSync('/dev/full')).each(['x.csv', 'x.parquet'])(
    'says that the disk is full: %s',
    (name) => {
      const path = join(folder, name);
      using file = openFramesFile(path);
      file.add(oneFrame);
      rmSync(`${path}.new`);
      symlinkSync('/dev/full', `${path}.new`);
      expect(() => file.finish()).toThrow(WriteFailed);
      expect(readdirSync(folder)).toEqual([]);
    },
  );
});
