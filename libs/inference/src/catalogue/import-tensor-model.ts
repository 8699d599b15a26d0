import { InvalidInput, makeFolder, NotFound, WeirError } from '@weir/base';
import { access, copyFile, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { inspectTensors } from './inspect-tensors.ts';
import { type Manifest, parseManifest, sha256Of, type TensorModel } from './manifest.ts';
import { manifestText } from './manifest-text.ts';
import type { Progress } from './measure-accuracy.ts';
import { type Latency, measureLatency } from './measure-latency.ts';
import { readOnnx } from './onnx-file.ts';

export interface TensorImportOptions {
  /** The ONNX file. */
  readonly model: string;
  /** Folder of the family: created, or extended by this variant. */
  readonly directory: string;
  /** As you measured it, 0..1, and of what it is a measure, e.g. `mAP 50-95`. */
  readonly accuracy: number;
  readonly measure: string;
  /** Shape of a typical input, by its name, where the model leaves it open. */
  readonly shapes?: ReadonlyMap<string, readonly number[]> | undefined;
  /** @default the file's name */
  readonly name?: string | undefined;
  /** @default the folder's name */
  readonly family?: string | undefined;
  /** @default the variant's name */
  readonly architecture?: string | undefined;
  /** @default fp32 */
  readonly precision?: string | undefined;
  readonly macs?: number | undefined;
  readonly onProgress?: Progress | undefined;
}

export interface ImportedTensorModel {
  readonly manifest: string;
  readonly variant: Omit<TensorModel, 'path'>;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/**
 * Imports a model of any inputs and outputs as a variant: reads its interface, measures its latency on zeros with the serving
 * runtime, copies it beside the manifest and adds the entry. Accuracy is taken as declared. Writes nothing when anything is refused.
 * @throws InvalidInput, NotFound: what cannot be served and why
 */
export async function importTensorModel(options: TensorImportOptions): Promise<ImportedTensorModel> {
  // On a copy: what it needs beside itself would be missing in the family too.
  await using alone = await copyAlone(options.model);
  const { inputs, outputs } = await inspectTensors(alone.path, options.shapes);
  const manifest = join(resolve(options.directory), 'manifest.json');
  const before = await existingFamily(manifest, options);
  const draft = await describe(options, { inputs, outputs });
  const { p50Ms, p95Ms } = await latencyOf({ ...draft, path: alone.path }, options.onProgress);
  const { path: _, ...entry } = draft;
  // However quick, it takes time.
  const variant = { ...entry, referenceMs: Math.max(0.0001, Math.round(p50Ms * 10_000) / 10_000) };
  const variants = [...before.variants.filter(({ name }) => name !== variant.name), variant];
  const text = manifestText({ ...before, variants });
  parseManifest(text, manifest);
  makeFolder(options.directory);
  const target = join(options.directory, variant.file);
  if (resolve(target) !== resolve(options.model)) await copyAside(options.model, target);
  await writeFile(`${manifest}.new`, text);
  await rename(`${manifest}.new`, manifest);
  return { manifest, variant, p50Ms, p95Ms };
}

async function describe(
  { model, name = basename(model, '.onnx'), architecture = name, ...options }: TensorImportOptions,
  tensors: Pick<TensorModel, 'inputs' | 'outputs'>,
): Promise<TensorModel> {
  const { precision = 'fp32', macs, accuracy, measure } = options;
  const { opset, parameters } = readOnnx(await readFile(model));
  return {
    name,
    task: 'tensor',
    file: `${name}.onnx`,
    path: resolve(model),
    architecture,
    precision,
    macs,
    parameters: parameters > 0 ? parameters : undefined,
    bytes: (await stat(model)).size,
    sha256: await sha256Of(model),
    opset,
    ...tensors,
    accuracy: { declared: accuracy, measure },
  };
}

async function latencyOf(variant: TensorModel, onProgress: Progress | undefined): Promise<Latency> {
  const family = { name: 'import', directory: '', labels: [], variants: [variant] };
  try {
    const [latency] = await measureLatency({ family, onProgress });
    return latency!;
  } catch (cause) {
    if (!(cause instanceof WeirError)) throw cause;
    const description = `does not run on zeros: ${cause.message}. Give another --shape where the model leaves it open`;
    throw new InvalidInput([{ field: 'model', description }], { cause, reason: 'MODEL_CANNOT_BE_SERVED' });
  }
}

/** As it is written, with fields that this version does not know; or a new one. */
async function existingFamily(
  file: string,
  { directory, family = basename(resolve(directory)) }: TensorImportOptions,
): Promise<Manifest> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { manifestVersion: 1, family, labels: [], variants: [] };
  parseManifest(text, file);
  return JSON.parse(text) as Manifest;
}

/** @throws NotFound */
async function copyAlone(model: string): Promise<{ readonly path: string } & AsyncDisposable> {
  await access(model).catch((cause: unknown) => {
    throw new NotFound(`there is no model at ${model}`, { cause });
  });
  const folder = await mkdtemp(join(tmpdir(), 'weir-import-'));
  const path = join(folder, 'model.onnx');
  await copyFile(model, path);
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** Nobody ever sees half a model. */
async function copyAside(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}.new`);
  await rename(`${to}.new`, to);
}
