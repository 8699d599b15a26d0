import { InvalidInput } from '@weir/base';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Manifest, parseManifest } from '../manifest.ts';
import { nfc } from '../pictures/found-pictures.ts';

/** A family's folder before an import. */
export interface ExistingFamily {
  /** As it is written, with fields that this version does not know; absent: there is no family yet. */
  readonly manifest?: Manifest | undefined;
}

/**
 * The family of classifiers to extend. `labels`: those that it must have, in NFC; without them any.
 * @throws InvalidInput when it has others, or when its manifest is malformed
 */
export async function readFamily(directory: string, labels?: readonly string[]): Promise<ExistingFamily> {
  const { manifest } = await readAnyFamily(directory);
  if (manifest?.variants.some(({ task }) => task === 'tensor'))
    throw new InvalidInput([
      { field: 'directory', description: 'the family there is of no classifiers: give another folder' },
    ]);
  if (manifest && labels && manifest.labels.map(nfc).join('\n') !== labels.join('\n'))
    throw new InvalidInput([{ field: 'directory', description: otherLabels(manifest.labels, labels) }]);
  return { manifest };
}

/** The family to extend, whatever its models do. @throws InvalidInput when its manifest is malformed */
export async function readAnyFamily(directory: string): Promise<ExistingFamily> {
  const file = join(resolve(directory), 'manifest.json');
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new InvalidInput([{ field: 'directory', description: `cannot be read: ${cause.message}` }], {
      cause,
    });
  });
  if (text === undefined) return {};
  parseManifest(text, file);
  return { manifest: JSON.parse(text) as Manifest };
}

/** The first that differ say more than a thousand that do not. */
function otherLabels(theirs: readonly string[], ours: readonly string[]): string {
  const at = ours.findIndex((label, index) => label !== nfc(theirs[index] ?? ''));
  const place = at < 0 ? ours.length : at;
  const name = (labels: readonly string[]) => labels[place] ?? 'none';
  return (
    `the family there has ${theirs.length} labels, this model ${ours.length}; number ${place + 1} is ` +
    `${name(theirs)} there and ${name(ours)} here: give the labels in its order, or another folder`
  );
}
