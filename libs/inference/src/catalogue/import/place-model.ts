import { realpath, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, normalize, resolve } from 'node:path';
import { sha256Of, type VariantEntry } from '../manifest.ts';
import type { Staging } from './staging.ts';

/** A model's files, copied aside. */
export interface StagedModel extends Pick<VariantEntry, 'file' | 'data' | 'bytes' | 'sha256' | 'path'> {
  /** In the staging folder, to be renamed to `target`; absent: the files are where they belong. */
  readonly move?: { readonly from: string; readonly target: string } | undefined;
}

/**
 * Copies a model and its external data aside and finds it a place in the family: beside the manifest, or in a folder of its own
 * when there is external data, whose names are the model's. What is there already under its name stays until the manifest no
 * longer names it.
 */
export async function stageModel(
  model: string,
  {
    name,
    externalData,
    directory,
    staging,
  }: { name: string; externalData: readonly string[]; directory: string; staging: Staging },
): Promise<StagedModel> {
  const data =
    externalData.length > 0 ? [...new Set(externalData.map((each) => normalize(each)))] : undefined;
  const from = dirname(resolve(model));
  if ((await realpath(from)) === (await realpath(directory)))
    return { file: basename(model), data, path: resolve(model), ...(await identityOf(resolve(model), data)) };

  const folder = data && name;
  const file = join(folder ?? '', `${name}.onnx`);
  await staging.copy(model, file);
  for (const each of data ?? []) await staging.copy(join(from, each), join(folder!, each));
  const path = staging.path(file);
  const identity = await identityOf(path, data);
  // The samples' folder is the family's.
  const names = [name, `${name}-${identity.sha256.slice(0, 8)}`].filter(
    (each) => !folder || each !== 'samples',
  );
  for (const each of names) {
    const target = folder ? each : `${each}.onnx`;
    const placed = folder ? join(target, `${name}.onnx`) : target;
    const there = await stat(join(directory, target)).catch(() => undefined);
    if (!there) return { file: placed, data, path, ...identity, move: { from: folder ?? file, target } };
    const known = await identityOf(join(directory, placed), data).catch(() => undefined);
    if (known?.sha256 === identity.sha256) return { file: placed, data, path, ...identity };
  }
  const target = folder ? names.at(-1)! : `${names.at(-1)!}.onnx`;
  // Named after its content, which is no longer what it was.
  await rm(join(directory, target), { recursive: true });
  const placed = folder ? join(target, `${name}.onnx`) : target;
  return { file: placed, data, path, ...identity, move: { from: folder ?? file, target } };
}

async function identityOf(path: string, data: readonly string[] = []) {
  const sizes = await Promise.all(
    [path, ...data.map((each) => join(dirname(path), each))].map(async (each) => (await stat(each)).size),
  );
  return { bytes: sizes.reduce((a, b) => a + b), sha256: await sha256Of(path, data) };
}

/** Removes the files of variants that a family had and no longer has. */
export async function removeReplaced(
  directory: string,
  { before, after }: { before: readonly ModelFiles[]; after: readonly ModelFiles[] },
): Promise<void> {
  const kept = new Set(after.flatMap(filesOf));
  for (const file of before.flatMap(filesOf).filter((each) => !kept.has(each))) {
    await rm(join(directory, file), { force: true });
    // Its own folder, once it is empty.
    if (dirname(file) !== '.') await rmdir(join(directory, dirname(file))).catch(() => {});
  }
}

type ModelFiles = Pick<VariantEntry, 'file' | 'data'>;
const filesOf = ({ file, data = [] }: ModelFiles) => [...data.map((each) => join(dirname(file), each)), file];
