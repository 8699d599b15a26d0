import { type FieldViolation, NotFound } from '@weir/base';
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FoundPicture, type FoundPictures, isPictureName, nfc } from './found-pictures.ts';

/** What is not taken of a folder of pictures. */
const reasons = {
  hidden: 'hidden files and folders',
  macosx: '__MACOSX folders',
  links: 'links (--follow-links takes them)',
  broken: 'links that lead nowhere, or back to a folder above',
  others: 'files that are neither PNG nor JPEG by name',
  loose: 'pictures in no class folder',
} as const;
type Reason = keyof typeof reasons;

export interface FoldersOptions {
  /** Take what symbolic links lead to. @default false */
  readonly followLinks?: boolean | undefined;
}

/**
 * The pictures below the folders of a folder, each of the class that the first folder is named after, however deep it lies.
 * @throws NotFound when there is no such folder
 */
export async function picturesInFolders(
  directory: string,
  { followLinks = false }: FoldersOptions = {},
): Promise<FoundPictures> {
  const pictures: FoundPicture[] = [];
  const faults: FieldViolation[] = [];
  const passedOver = new Map<Reason, number>();
  const passOver = (reason: Reason) => void passedOver.set(reason, (passedOver.get(reason) ?? 0) + 1);
  const empty: string[] = [];

  const entriesOf = async (folder: string) => {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (cause) {
      if (folder === directory)
        throw new NotFound(`there is no folder of pictures at ${directory}`, { cause });
      faults.push({ field: folder, description: `cannot be read: ${(cause as Error).message}` });
      return [];
    }
  };
  /** `above`: real paths of the folders above, so that a link in a circle ends. */
  const kindOf = async (entry: Dirent, path: string, above: readonly string[]) => {
    if (entry.name.startsWith('.')) return 'hidden';
    if (entry.name === '__MACOSX') return 'macosx';
    if (!entry.isSymbolicLink()) return entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'others';
    if (!followLinks) return 'links';
    const target = await stat(path).catch(() => undefined);
    if (target?.isDirectory()) return holds(await realpath(path), above) ? 'broken' : 'folder';
    return target?.isFile() ? 'file' : 'broken';
  };
  const visit = async (
    folder: string,
    label: string | undefined,
    above: readonly string[],
  ): Promise<void> => {
    const trail = [...above, await realpath(folder).catch(() => folder)];
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry.name);
      const kind = await kindOf(entry, path, trail);
      if (kind === 'folder') {
        const before = pictures.length;
        await visit(path, label ?? nfc(entry.name).trim(), trail);
        if (label === undefined && pictures.length === before) empty.push(entry.name);
      } else if (kind !== 'file') passOver(kind);
      else if (!isPictureName(entry.name)) passOver('others');
      else if (label === undefined) passOver('loose');
      else pictures.push({ path, label, origin: path });
    }
  };
  await visit(directory, undefined, []);

  const told = [...passedOver].map(([reason, count]) => `passed over: ${count} ${reasons[reason]}`);
  if (empty.length > 0) told.push(`passed over: folders without a picture: ${empty.join(', ')}`);
  return { pictures, faults, told };
}

const holds = (folder: string, others: readonly string[]) =>
  others.some((other) => other === folder || other.startsWith(join(folder, '/')));
