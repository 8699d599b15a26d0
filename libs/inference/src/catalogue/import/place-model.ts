import { realpath, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, normalize, resolve } from 'node:path';
import { type Manifest, sha256Of, type VariantEntry } from '../manifest.ts';
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
    return { file: basename(model), data, path: resolve(model), ...(await contentOf(resolve(model), data)) };

  const own = `${name}.onnx`;
  const aside = data ? join(name, own) : own;
  await staging.copy(model, aside);
  for (const each of data ?? []) await staging.copy(join(from, each), join(name, each));
  const path = staging.path(aside);
  const content = await contentOf(path, data);
  for (const free of namesFor(name, content.sha256)) {
    const target = data ? free : `${free}.onnx`;
    const file = data ? join(free, own) : target;
    const there = await stat(join(directory, target)).catch(() => undefined);
    if (!there && target !== 'samples')
      return { file, data, path, ...content, move: { from: data ? name : own, target } };
    const known = await contentOf(join(directory, file), data).catch(() => undefined);
    if (known?.sha256 === content.sha256) return { file, data, path, ...content };
  }
  throw new Error('there is always another name');
}

/** Its own, then others that tell its content. */
function* namesFor(name: string, sha256: string): Generator<string> {
  yield name;
  const other = `${name}-${sha256.slice(0, 8)}`;
  yield other;
  for (let number = 2; ; number++) yield `${other}-${number}`;
}

async function contentOf(path: string, data: readonly string[] = []) {
  const files = [path, ...data.map((each) => join(dirname(path), each))];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return { bytes: sizes.reduce((a, b) => a + b), sha256: await sha256Of(path, data) };
}

/** For so long after a variant was replaced, ms, processes that have not taken up the change may load its files. */
const keepReplacedMs = 24 * 3_600_000;

/** Files of replaced variants: those that stay, as the manifest lists them, and those that nobody needs any more. */
export function replacedFiles({
  before,
  after,
  now,
}: {
  readonly before: Pick<Manifest, 'variants' | 'replaced'> | undefined;
  readonly after: readonly ModelFiles[];
  /** Epoch ms. */
  readonly now: number;
}): { readonly kept: Replaced[]; readonly removable: readonly string[] } {
  const named = new Set(after.flatMap(filesOf));
  const at = new Date(now).toISOString();
  const newly = (before?.variants ?? []).map(({ file, data }) => ({ file, ...(data && { data }), at }));
  const left = [...(before?.replaced ?? []), ...newly].filter((files) =>
    filesOf(files).some((file) => !named.has(file)),
  );
  const isKept = (files: Replaced) => now - Date.parse(files.at) < keepReplacedMs;
  const kept = left.filter(isKept);
  const needed = new Set([...named, ...kept.flatMap(filesOf)]);
  const removable = left
    .filter((files) => !isKept(files))
    .flatMap(filesOf)
    .filter((file) => !needed.has(file));
  return { kept, removable };
}

/** Removes files of a family, and their folders once these are empty. */
export async function removeFiles(directory: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await rm(join(directory, file), { force: true });
    if (dirname(file) !== '.') await rmdir(join(directory, dirname(file))).catch(() => {});
  }
}

type ModelFiles = Pick<VariantEntry, 'file' | 'data'>;
type Replaced = NonNullable<Manifest['replaced']>[number];
const filesOf = ({ file, data = [] }: ModelFiles) => [...data.map((each) => join(dirname(file), each)), file];
