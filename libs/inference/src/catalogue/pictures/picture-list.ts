import { type FieldViolation, InvalidInput } from '@weir/base';
import { CsvError, parse } from 'csv-parse/sync';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, parse as parsePath, resolve, sep } from 'node:path';
import { type FoundPicture, type FoundPictures, nfc } from './found-pictures.ts';
import { MAX_LABEL } from './labels.ts';
import { readText } from './text-file.ts';

/**
 * The pictures of a CSV (RFC 4180) with a line of file and label for each; a first line `file,label` is a header. Paths are
 * absolute, or relative to the list.
 * @throws NotFound when there is no such list, InvalidInput when it is no CSV
 */
export async function picturesInList(file: string): Promise<FoundPictures> {
  const text = await readText(file, { field: 'images', what: 'list of pictures' });
  const rows = rowsOf(text, basename(file));
  const names = namesOnDisk();
  const pictures: FoundPicture[] = [];
  const faults: FieldViolation[] = [];
  for (const [index, { line, cells }] of rows.entries()) {
    if (index === 0 && isHeader(cells)) continue;
    const origin = `${basename(file)}:${line}`;
    const fault = (description: string) => void faults.push({ field: origin, description });
    const [path, label] = cells.map((cell) => cell.trim());
    if (cells.length !== 2 || !path || !label) {
      fault('expected FILE,LABEL');
      continue;
    }
    if (label.length > MAX_LABEL)
      fault(`the label has ${label.length} characters; at most ${MAX_LABEL} are taken`);
    const found = await names.find(isAbsolute(path) ? path : resolve(dirname(file), path));
    if (found === undefined) fault(`there is no file ${path}`);
    else pictures.push({ path: found, label: nfc(label), origin });
  }
  return { pictures, faults, told: [] };
}

const isHeader = ([path = '', label = '']: readonly string[]) =>
  /^(file|filename|path|image)$/i.test(path.trim()) && /^(label|class)$/i.test(label.trim());

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** `line`: where it ends, as quoted cells may hold line breaks. */
function rowsOf(text: string, name: string): readonly Row[] {
  const options = {
    info: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  };
  try {
    const rows = parse(text, options) as unknown as { info: { lines: number }; record: string[] }[];
    return rows.map(({ info, record }) => ({ line: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InvalidInput([
      { field: `${name}:${String(error.lines)}`, description: `is no CSV: ${error.message}` },
    ]);
  }
}

/** Finds files by name in whichever form the file system has composed it, reading each folder once. */
function namesOnDisk() {
  const folders = new Map<string, Promise<readonly string[]>>();
  const namesIn = (folder: string) => {
    let names = folders.get(folder);
    if (!names) folders.set(folder, (names = readdir(folder).catch(() => [])));
    return names;
  };
  const exists = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined;
  return {
    async find(path: string): Promise<string | undefined> {
      if (await exists(path)) return path;
      let { root: at } = parsePath(path);
      for (const wanted of path.slice(at.length).split(sep).filter(Boolean)) {
        const next = join(at, wanted);
        if (await exists(next)) at = next;
        else {
          const name = (await namesIn(at)).find((each) => nfc(each) === nfc(wanted));
          if (name === undefined) return undefined;
          at = join(at, name);
        }
      }
      return at;
    },
  };
}
