import { FailedPrecondition } from '@weir/base';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { measureLatency } from './measure-latency.ts';
import { GARMENTS_DIRECTORY, loadGarments } from './garments.ts';
import { type LabelledPicture, loadSamples, scenePictures } from './labelled-pictures.ts';
import { type ModelRow, modelRows } from './list-models.ts';
import { type MeasuredAccuracy, type Progress, measureAccuracy } from './measure-accuracy.ts';
import { type Classifier, classifierNamed, type Family, verifyChecksums } from './manifest.ts';
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
  /** On the shipped scenes, or on the whole test split. */
  readonly measured: Pick<MeasuredAccuracy, 'top1' | 'n' | 'interval95'>;
  /** Share of pictures answered as by the reference runtime, and of how many; absent without references. */
  readonly reference?: { readonly agreement: number; readonly n: number } | undefined;
}

export interface Verification {
  readonly ok: boolean;
  /** Faults, as sentences; empty when `ok`. */
  readonly faults: readonly string[];
  /** Which pictures accuracy was measured on. */
  readonly pictures: 'shipped samples' | 'test split';
  readonly variants: readonly VerifiedVariant[];
  /** The curves of second looks against these pictures; absent: the family has none, or too few pictures to tell. */
  readonly looks?: CurvesCheck | undefined;
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
 * Measures a family with the runtime that serves it: checksums, accuracy on the shipped scenes (and on all 10,000 where
 * the data set is installed), agreement with the recipe's runtime, what second looks buy, latency. Never throws for a bad family: see `faults`.
 * @throws FailedPrecondition for models that are no classifiers
 */
export async function verifyFamily({
  family,
  garmentsDirectory = GARMENTS_DIRECTORY,
  scenes = 10_000,
  runs = 200,
  onProgress,
}: {
  readonly family: Family;
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
  const garments = scenes > 0 ? await loadGarments('test', garmentsDirectory) : undefined;
  const pictures: readonly LabelledPicture[] = garments
    ? scenePictures(garments, { seed: TEST_SEED, count: scenes })
    : await loadSamples(family);
  const rows = modelRows(family, await measureLatency({ family, runs, onProgress }));
  const references = await readReferences(family);
  const faults: string[] = [];
  const variants: VerifiedVariant[] = [];
  const answers: Answers[] = [];

  await using runner = await startRunner({ family, slots: 1 });
  for (const row of rows) {
    const variant = classifierNamed(family, row.name);
    const answered = await measureAccuracy({ runner, variant: row.name, pictures, onProgress });
    const { classIndices, margins: _, ...measured } = answered;
    answers.push(answersOf(row.name, answered, pictures));
    const reference = agreement(classIndices, references.get(row.name));
    const checksumMatches = checksums.get(row.name) ?? false;
    variants.push({ ...row, checksumMatches, measured, reference });
    faults.push(...faultsOf(variant, checksumMatches, measured, reference));
  }
  const looks =
    family.looks && pictures.length >= LEAST_PICTURES ? checkCurves(family.looks, answers) : undefined;
  faults.push(...(looks?.faults ?? []));
  return {
    ok: faults.length === 0,
    faults,
    pictures: garments ? 'test split' : 'shipped samples',
    variants,
    looks,
    family: promises(variants),
  };
}

function faultsOf(
  { name, precision, accuracy, sha256 }: Classifier,
  checksumMatches: boolean,
  measured: VerifiedVariant['measured'],
  reference: VerifiedVariant['reference'],
): readonly string[] {
  const faults: string[] = [];
  if (!checksumMatches) faults.push(`${name}: the file's sha256 is not the manifest's (${sha256})`);
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
  const loss = pairs.map(({ fp32, int8 }) => (fp32.measured.top1 - int8.measured.top1) * 100);
  return {
    accuracyFallsWithWidth: float.every(
      ({ measured }, index) => index === 0 || measured.top1 < float[index - 1]!.measured.top1,
    ),
    worstInt8LossPoints: Math.max(0, ...loss),
    int8SpeedUp: pairs[0] ? pairs[0].fp32.p50Ms / pairs[0].int8.p50Ms : NaN,
  };
}
