import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { InvalidInput, WeirError } from '@weir/base';
import { stringify } from 'csv-stringify/sync';
import { ParquetWriter, fileWriter, schemaFromColumnData } from 'hyparquet-writer';
import { frameColumns } from './frame-columns.ts';
import type { FrameRecord } from './frame-record.ts';

/** A file with a row for each frame. Disposing without `finish` leaves what was there before. */
export interface FramesFile extends Disposable {
  readonly path: string;
  /** Frames added so far. */
  readonly count: number;
  add(frame: FrameRecord): void;
  /** Puts the file in its place, whole. Throws WriteFailed. */
  finish(): void;
}

/** The disk is full, or the file cannot be written for another reason. */
export class WriteFailed extends WeirError {
  readonly status = 'RESOURCE_EXHAUSTED';
}

interface FrameFormat {
  write(frames: readonly FrameRecord[]): void;
  finish(): void;
}

/** Frames held in memory: most runs are written after their last measurement, longer ones in parts of this size. */
const framesPerPart = 50_000;

const formats: Readonly<Record<string, (path: string) => FrameFormat>> = { '.csv': csv, '.parquet': parquet };

/**
 * Opens a file to write, in the format that its ending names: `.csv` (RFC 4180, empty: null) or `.parquet`. It is
 * written aside, as `PATH.new`. Throws InvalidInput for another ending and for a place where nothing can be written.
 */
export function openFramesFile(path: string): FramesFile {
  const open = formats[extname(path)];
  if (!open)
    throw new InvalidInput([
      { field: path, description: `expected a name that ends in ${Object.keys(formats).join(' or ')}` },
    ]);
  const aside = `${path}.new`;
  const discard = () => rmSync(aside, { force: true });
  let format: FrameFormat;
  try {
    discard();
    format = open(aside);
  } catch (cause) {
    throw new InvalidInput([{ field: path, description: (cause as Error).message }], { cause });
  }

  let frames: FrameRecord[] = [];
  let count = 0;
  const attempt = (action: () => void) => {
    try {
      action();
    } catch (cause) {
      discard();
      throw new WriteFailed(`${path} is not written: ${(cause as Error).message}`, { cause });
    }
  };
  const flush = () => {
    format.write(frames);
    frames = [];
  };
  return {
    path,
    get count() {
      return count;
    },
    add(frame) {
      count++;
      frames.push(frame);
      if (frames.length >= framesPerPart) attempt(flush);
    },
    finish() {
      attempt(() => {
        flush();
        format.finish();
        renameSync(aside, path);
      });
    },
    [Symbol.dispose]: discard,
  };
}

function csv(path: string): FrameFormat {
  const columns = frameColumns.map(({ name }) => name);
  const text = (rows: readonly unknown[]) =>
    stringify([...rows], {
      columns,
      record_delimiter: '\r\n',
      quoted_match: /[\r\n]/,
      cast: { boolean: String, number: String, bigint: String },
    });
  writeFileSync(path, text([columns]));
  return {
    write: (frames) => appendFileSync(path, text(frames)),
    finish() {},
  };
}

function parquet(path: string): FrameFormat {
  const columnData = (frames: readonly FrameRecord[]) =>
    frameColumns.map(({ name, type }) => ({ name, type, data: frames.map((frame) => frame[name]) }));
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: schemaFromColumnData({ columnData: columnData([]) }),
    createdBy: 'weir',
  });
  return {
    // Not its own size, an array of a small and a large one: a part is a row group.
    write: (frames) =>
      void writer.write({ columnData: columnData(frames), rowGroupSize: Math.max(1, frames.length) }),
    finish: () => void writer.finish(),
  };
}
