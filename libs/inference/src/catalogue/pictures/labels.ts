import { type FieldViolation, InvalidInput } from '@weir/base';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { readText } from './text-file.ts';

/** Characters of a label; what the services take of one another. */
export const MAX_LABEL = 256;

/**
 * A model's labels in the order of its output, in NFC: as given, or the lines of the one file that is given; empty lines at
 * its end do not count.
 * @throws InvalidInput naming every line at fault, NotFound when there is no such file
 */
export async function readLabels(given: readonly string[]): Promise<readonly string[]> {
  // A comma in its name has parted it.
  const file = given.join(',');
  const isFile = (await stat(file).catch(() => undefined))?.isFile() ?? false;
  if (!isFile && given.length !== 1) return checked(given, (index) => `label ${index + 1}`);
  const text = await readText(file, { field: 'labels', what: 'file of labels' });
  const lines = text.trimEnd().split(/\r\n|\r|\n/);
  return checked(lines, (index) => `${basename(file)}:${index + 1}`);
}

function checked(given: readonly string[], fieldOf: (index: number) => string): readonly string[] {
  const labels = given.map((label) => label.trim().normalize('NFC'));
  const first = new Map<string, number>();
  const faults: FieldViolation[] = [];
  for (const [index, label] of labels.entries()) {
    const fault = (description: string) => void faults.push({ field: fieldOf(index), description });
    const before = first.get(label);
    if (label === '') fault('is empty; expected a label');
    else if (label.length > MAX_LABEL)
      fault(`has ${label.length} characters; at most ${MAX_LABEL} are taken`);
    else if (before !== undefined)
      fault(`${label} is also the label of ${fieldOf(before)}; labels must differ`);
    else first.set(label, index);
  }
  if (labels.length < 2)
    faults.push({ field: 'labels', description: `expected two or more, got ${labels.length}` });
  if (faults.length > 0) throw new InvalidInput(faults);
  return labels;
}
