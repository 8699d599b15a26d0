import { InvalidInput, makeFolder } from '@weir/base';
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { measureLatency } from './measure-latency.ts';
import type { InferenceInput } from '../serving/inference-input.ts';
import { type ModelHints, inspectModel } from './inspect-model.ts';
import type { Looks } from '../looks/curves-schema.ts';
import { LEAST_PICTURES } from '../looks/estimate-curves.ts';
import { measureCurves } from '../looks/measure-curves.ts';
import { type LabelledPicture, readLabelledPictures } from './labelled-pictures.ts';
import { type Progress, measureAccuracy } from './measure-accuracy.ts';
import {
  type Classifier,
  type Family,
  type InputSpec,
  type Manifest,
  familyOf,
  parseManifest,
  sha256Of,
  classifierNamed,
} from './manifest.ts';
import { manifestText } from './manifest-text.ts';
import { summariseOnnx } from './onnx-file.ts';
import { type Runner, startRunner } from '../serving/runner.ts';

export interface ImportOptions extends ModelHints {
  /** The ONNX file. */
  readonly model: string;
  /** Labelled pictures: a folder with a folder per class, or a CSV of `file,label` lines. */
  readonly images: string;
  /** Folder of the family: created, or extended by this variant. */
  readonly directory: string;
  /** In the order of the model's output. @default the classes of `images`, alphabetically */
  readonly labels?: readonly string[] | undefined;
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

/** An imported variant and its measured latency. */
export interface Imported {
  readonly manifest: string;
  readonly variant: Omit<Classifier, 'path'>;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Curves of second looks in the family, and the pictures they were measured on; absent: none is known. */
  readonly looks?: { readonly pictures: number; readonly curves: number } | undefined;
}

/**
 * Imports a user's own classifier as a variant: reads its interface, measures accuracy and latency with the serving runtime,
 * copies it beside the manifest and adds the entry. Writes nothing when anything is refused.
 * @throws InvalidInput, NotFound: what cannot be served and why, or which hints are missing
 */
export async function importModel(options: ImportOptions): Promise<Imported> {
  const { input, outputName, classes } = await inspectModel(options.model, options);
  const { labels, pictures } = await readLabelledPictures(options.images, options.labels);
  if (classes !== undefined && classes !== labels.length)
    throw new InvalidInput([
      {
        field: 'labels',
        description:
          `the model has ${classes} classes, ${labels.length} are named (${labels.join(', ')}): ` +
          "give all labels in the order of the model's output",
      },
    ]);
  const before = await existingManifest(options, labels);
  const draft = await describe(options, { input, outputName });
  const trial: Family = { name: 'import', directory: '', labels, variants: [draft] };
  const measured = await measure(trial, pictures, options.onProgress);
  const [latency] = await measureLatency({ family: trial, onProgress: options.onProgress });

  const { path: _, ...entry } = draft;
  const variant = { ...entry, ...measured, referenceMs: round(latency!.p50Ms) };
  const manifest = join(resolve(options.directory), 'manifest.json');
  const variants = [...before.variants.filter(({ name }) => name !== variant.name), variant];
  const looks = await looksWith(variant, {
    manifest: { ...before, variants },
    file: manifest,
    model: options.model,
    pictures,
    onProgress: options.onProgress,
  });
  const text = manifestText({ ...before, variants, looks });
  parseManifest(text, manifest);
  makeFolder(options.directory);
  const target = join(options.directory, variant.file);
  if (resolve(target) !== resolve(options.model)) await copyFile(options.model, target);
  await writeFile(manifest, text);
  const known = looks && { pictures: looks.pictures, curves: looks.curves.length };
  return { manifest, variant, p50Ms: latency!.p50Ms, p95Ms: latency!.p95Ms, looks: known };
}

/**
 * Curves of the family with its new variant, all measured on the pictures of this import, which nothing else is fitted to.
 * Of too few pictures: those that were known and are not about this variant.
 */
async function looksWith(
  variant: Manifest['variants'][number],
  {
    manifest,
    file,
    model,
    pictures,
    onProgress,
  }: {
    readonly manifest: Manifest;
    /** Where the manifest will be. */
    readonly file: string;
    /** Where the new variant's model is now. */
    readonly model: string;
    readonly pictures: readonly LabelledPicture[];
    readonly onProgress: Progress | undefined;
  },
): Promise<Looks | undefined> {
  const { name } = variant;
  const { looks: known, variants } = manifest;
  if (pictures.length < LEAST_PICTURES) {
    const curves = known?.curves.filter(({ first, second }) => first !== name && second !== name) ?? [];
    return known && curves.length > 0 ? { ...known, curves } : undefined;
  }
  if (variants.length === 1) return undefined;
  const others = variants.filter((other) => other.name !== name);
  const family = await familyOf({ ...manifest, variants: others }, file);
  const added = { ...variant, path: resolve(model) };
  return measureCurves({
    family: { ...family, variants: [...family.variants, added] },
    pictures,
    onProgress,
  });
}

/** Everything but what must be measured. */
async function describe(
  { model, name = basename(model, '.onnx'), architecture = name, precision = 'fp32', macs }: ImportOptions,
  { input, outputName }: { input: InputSpec; outputName: string },
): Promise<Classifier> {
  const { opset, parameters } = summariseOnnx(await readFile(model));
  return {
    name,
    file: `${name}.onnx`,
    path: resolve(model),
    architecture,
    precision,
    macs,
    parameters: parameters > 0 ? parameters : undefined,
    bytes: (await stat(model)).size,
    sha256: await sha256Of(model),
    opset,
    input,
    output: { name: outputName, kind: 'probabilities' },
    accuracy: { top1: 0, n: 1, interval95: [0, 1] },
    calibration: { temperature: 1 },
  };
}

/** Measures accuracy, and infers from the outputs whether they are logits or probabilities. */
async function measure(
  trial: Family,
  pictures: readonly LabelledPicture[],
  onProgress: Progress | undefined,
) {
  await using runner = await startRunner({ family: trial });
  const { name } = trial.variants[0]!;
  const { top1, n, interval95 } = await measureAccuracy({ runner, variant: name, pictures, onProgress });
  const kind: 'logits' | 'probabilities' = (await answersProbabilities(runner, name, pictures.slice(0, 20)))
    ? 'probabilities'
    : 'logits';
  const { output } = classifierNamed(trial, name);
  const accuracy = { top1, n, interval95: [round(interval95[0]), round(interval95[1])] as [number, number] };
  return { accuracy, output: { ...output, kind } };
}

/** The trial family passes outputs through, so logits are recognisable. */
async function answersProbabilities(runner: Runner, variant: string, pictures: readonly LabelledPicture[]) {
  const { input: spec } = classifierNamed(runner, variant);
  for (const picture of pictures) {
    const input: InferenceInput = await picture.load(spec);
    const { probabilities } = await runner.run({ variant, input });
    const sum = probabilities.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - 1) > 1e-3 || probabilities.some((value) => value < 0)) return false;
  }
  return true;
}

/** The family to extend, or a new one; its labels must be the same. */
async function existingManifest(options: ImportOptions, labels: readonly string[]): Promise<Manifest> {
  const directory = resolve(options.directory);
  const file = join(directory, 'manifest.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined)
    return {
      manifestVersion: 1,
      family: options.family ?? basename(directory),
      labels: [...labels],
      variants: [],
    };
  const manifest = parseManifest(text, file);
  const asWritten = JSON.parse(text) as Manifest; // keeps fields that this version does not know
  if (manifest.labels.join('\n') !== labels.join('\n'))
    throw new InvalidInput([
      {
        field: 'directory',
        description:
          `the family there answers ${manifest.labels.join(', ')}; this model ${labels.join(', ')}: ` +
          'give another folder',
      },
    ]);
  return asWritten;
}

const round = (value: number) => Math.round(value * 10_000) / 10_000;
