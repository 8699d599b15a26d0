import { FailedPrecondition, InvalidInput } from '@weir/base';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { measureLatency } from './measure-latency.ts';
import { GARMENTS_DIRECTORY, loadGarments } from './garments.ts';
import {
  firstFaults,
  type LabelledPicture,
  readLabelledPictures,
  scenePictures,
} from './labelled-pictures.ts';
import { pictureFaults } from './pictures/check-pictures.ts';
import { loadSamples } from './samples.ts';
import { type ModelRow, modelRows } from './list-models.ts';
import { type MeasuredAccuracy, type Progress, measureAccuracy } from './measure-accuracy.ts';
import {
  classifierNamed,
  type Family,
  type VariantEntry,
  variantNamed,
  verifyChecksums,
} from './manifest.ts';
import { type CurvesCheck, checkCurves } from '../looks/check-curves.ts';
import { type Answers, LEAST_PICTURES } from '../looks/estimate-curves.ts';
import { answersOf } from '../looks/measure-curves.ts';
import { TEST_SEED } from './scenes.ts';
import { startRunner } from '../serving/runner.ts';

/** Share of pictures whose class must equal that of the reference runtime. */
export const REQUIRED_AGREEMENT = { fp32: 0.999, other: 0.995 } as const;
/** A measured accuracy may differ by this many standard errors: one honest check in 2,000 would fail. */
const STANDARD_ERRORS = 3.5;

export interface VerifiedVariant extends ModelRow {
  readonly checksumMatches: boolean;
  /** Absent without labelled pictures. */
  readonly measured?: Pick<MeasuredAccuracy, 'top1' | 'n' | 'interval95'> | undefined;
  /** Share of pictures answered as by the reference runtime, and of how many; absent without references. */
  readonly reference?: { readonly agreement: number; readonly n: number } | undefined;
}

export interface Verification {
  readonly ok: boolean;
  /** Faults, as sentences; empty when `ok`. */
  readonly faults: readonly string[];
  /** Which pictures accuracy was measured on: the family's samples, those given, or the embedded family's test split. */
  readonly pictures: 'samples' | 'given pictures' | 'test split' | 'none';
  readonly variants: readonly VerifiedVariant[];
  /** The curves of second looks against these pictures; absent: the family has none, or too few pictures to tell. */
  readonly looks?: CurvesCheck | undefined;
  /** What was passed over of the pictures, a sentence each. */
  readonly told: readonly string[];
  /** The family's claims, measured in this run. */
  readonly family: {
    readonly accuracyFallsWithWidth: boolean;
    /** Largest loss of an INT8 variant against its FP32, in points (0.01). */
    readonly worstInt8LossPoints: number;
    /** p50 of FP32 over p50 of INT8, at the largest width. */
    readonly int8SpeedUp: number;
  };
}

const referencesSchema = z.object({ scenes: z.int(), classIndices: z.record(z.string(), z.string()) });

/**
 * Measures a family with the runtime that serves it: checksums, accuracy on its samples or on `images` (of the embedded one on
 * all 10,000 scenes where the data set is installed), agreement with the recipe's runtime, what second looks buy, latency. A
 * family that is not what its manifest says does not throw: see `faults`.
 * @throws FailedPrecondition for models that are no classifiers; InvalidInput, NotFound naming what is wrong with the pictures
 */
export async function verifyFamily({
  family,
  images,
  followLinks,
  garmentsDirectory = GARMENTS_DIRECTORY,
  scenes = 10_000,
  runs = 200,
  onProgress,
}: {
  readonly family: Family;
  /** Labelled pictures as `readLabelledPictures` takes them. @default the family's own */
  readonly images?: string | undefined;
  /** Take what symbolic links among them lead to. @default false */
  readonly followLinks?: boolean | undefined;
  readonly garmentsDirectory?: string | undefined;
  /** How many test scenes at most, where the data set is installed; 0 for the shipped ones. @default 10000 */
  readonly scenes?: number | undefined;
  /** Inferences of each variant for its latency. @default 200 */
  readonly runs?: number | undefined;
  readonly onProgress?: Progress | undefined;
}): Promise<Verification> {
  const declared = family.variants.find(({ task }) => task === 'tensor');
  if (declared)
    throw new FailedPrecondition(
      `${declared.name} is no classifier: its accuracy is as declared, and no pictures here can tell`,
      { reason: 'NO_CLASSIFIER' },
    );
  const checksums = new Map((await verifyChecksums(family)).map(({ name, matches }) => [name, matches]));
  const { pictures, source, told } = await picturesOf(family, {
    images,
    followLinks,
    garmentsDirectory,
    scenes,
  });
  const references = await readReferences(family);
  const faults: string[] = [];
  const variants: VerifiedVariant[] = [];
  const answers: Answers[] = [];

  await using runner = await startRunner({ family });
  const rows = modelRows(family, await measureLatency({ runner, runs, onProgress }));
  for (const row of rows) {
    const checksumMatches = checksums.get(row.name) ?? false;
    if (pictures.length === 0) {
      variants.push({ ...row, checksumMatches });
      faults.push(...faultsOf(variantNamed(family, row.name), { checksumMatches }));
      continue;
    }
    const variant = classifierNamed(family, row.name);
    const answered = await measureAccuracy({ runner, variant: row.name, pictures, onProgress });
    const { classIndices, margins: _, ...measured } = answered;
    answers.push(answersOf(row.name, answered, pictures));
    const ownPictures = source !== 'given pictures';
    const reference = ownPictures ? agreement(classIndices, references.get(row.name)) : undefined;
    const found = { checksumMatches, measured, reference };
    variants.push({ ...row, ...found });
    faults.push(...faultsOf(variant, found));
  }
  const looks =
    family.looks && pictures.length >= LEAST_PICTURES ? checkCurves(family.looks, answers) : undefined;
  faults.push(...(looks?.faults ?? []));
  return {
    ok: faults.length === 0,
    faults,
    pictures: source,
    told,
    variants,
    looks,
    family: promises(variants),
  };
}

/** The embedded family's are scenes that are composed anew. */
async function picturesOf(
  family: Family,
  {
    images,
    followLinks,
    garmentsDirectory,
    scenes,
  }: {
    images?: string | undefined;
    followLinks?: boolean | undefined;
    garmentsDirectory: string;
    scenes: number;
  },
): Promise<{
  readonly pictures: readonly LabelledPicture[];
  readonly source: Verification['pictures'];
  readonly told: readonly string[];
}> {
  if (images !== undefined) {
    const { pictures, told } = await readLabelledPictures(images, family.labels, { followLinks });
    const { input } = classifierNamed(family, family.variants[0]!.name);
    const faults = await pictureFaults(pictures, input);
    if (faults.length > 0) throw new InvalidInput(firstFaults(faults));
    return { pictures, source: 'given pictures', told };
  }
  const samples = await loadSamples(family);
  const ofScenes = samples.length > 0 && samples.every(({ scene }) => scene !== undefined);
  const garments = ofScenes && scenes > 0 ? await loadGarments('test', garmentsDirectory) : undefined;
  if (garments)
    return {
      pictures: scenePictures(garments, { seed: TEST_SEED, count: scenes }),
      source: 'test split',
      told: [],
    };
  return { pictures: samples, source: samples.length > 0 ? 'samples' : 'none', told: [] };
}

function faultsOf(
  { name, precision, accuracy, sha256 }: VariantEntry,
  {
    checksumMatches,
    measured,
    reference,
  }: Pick<VerifiedVariant, 'checksumMatches' | 'measured' | 'reference'>,
): readonly string[] {
  const faults: string[] = [];
  if (!checksumMatches) faults.push(`${name}: its files' sha256 is not the manifest's (${sha256})`);
  if (!measured || !('top1' in accuracy)) return faults;
  const variance = accuracy.top1 * (1 - accuracy.top1);
  const tolerance =
    STANDARD_ERRORS * Math.sqrt(variance / measured.n + variance / accuracy.n) + 1 / measured.n;
  if (Math.abs(measured.top1 - accuracy.top1) > tolerance)
    faults.push(
      `${name}: top-1 is ${measured.top1.toFixed(4)} on ${measured.n} pictures; the manifest says ${accuracy.top1.toFixed(4)}`,
    );
  const required = precision === 'fp32' ? REQUIRED_AGREEMENT.fp32 : REQUIRED_AGREEMENT.other;
  if (reference && reference.agreement < required)
    faults.push(
      `${name}: answers as the reference runtime on ${reference.agreement.toFixed(4)} of ${reference.n} pictures; at least ${required} is required`,
    );
  return faults;
}

/** Predictions of the recipe's runtime, one digit per test scene. */
async function readReferences({ directory }: Family): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(directory, 'references.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return new Map();
  return new Map(Object.entries(referencesSchema.parse(JSON.parse(text)).classIndices));
}

function agreement(classIndices: readonly number[], reference: string | undefined) {
  if (reference === undefined) return undefined;
  const n = Math.min(classIndices.length, reference.length);
  const same = classIndices.slice(0, n).filter((answer, index) => String(answer) === reference[index]).length;
  return { agreement: same / n, n };
}

function promises(variants: readonly VerifiedVariant[]): Verification['family'] {
  const byWidth = (precision: string) =>
    variants
      .filter((variant) => variant.precision === precision)
      .sort((a, b) => (b.width ?? 0) - (a.width ?? 0));
  const float = byWidth('fp32');
  const pairs = byWidth('int8').flatMap((int8) => {
    const fp32 = float.find(({ width }) => width === int8.width);
    return fp32 ? [{ fp32, int8 }] : [];
  });
  const loss = pairs.map(({ fp32, int8 }) => (top1(fp32.measured) - top1(int8.measured)) * 100);
  return {
    accuracyFallsWithWidth: float.every(
      ({ measured }, index) => index === 0 || top1(measured) < top1(float[index - 1]!.measured),
    ),
    worstInt8LossPoints: Math.max(0, ...loss),
    int8SpeedUp: pairs[0] ? pairs[0].fp32.p50Ms / pairs[0].int8.p50Ms : NaN,
  };
}

const top1 = (measured: VerifiedVariant['measured']) => measured?.top1 ?? NaN;
