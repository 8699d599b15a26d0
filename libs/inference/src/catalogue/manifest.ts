import { FailedPrecondition, InvalidInput, NotFound } from '@weir/base';
import type { LookCurves } from '@weir/domain';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { lookCurvesOf, looksSchema } from '../looks/curves-schema.ts';
import { isServed, stageFaults, stageSchema } from './stages.ts';
import { familyFaults, tensorFields } from './tensor-variant.ts';

const perChannel = z.array(z.number()).min(1).max(4);

/** How pixels become the model's input: `(byte - mean[c]) / std[c]`, bytes 0..255, in `layout`. */
export const inputSchema = z.object({
  name: z.string(),
  layout: z.enum(['NCHW', 'NHWC']),
  /** With a batch of one, e.g. [1, 3, 64, 64]. */
  shape: z.array(z.int().positive()).length(4),
  dynamicBatch: z.boolean(),
  dtype: z.enum(['float32', 'uint8']),
  colourOrder: z.enum(['RGB', 'BGR', 'GRAY']),
  mean: perChannel,
  std: perChannel.refine((std) => !std.includes(0), 'must not be 0'),
});

/** A path below the manifest's folder. */
const fileBelow = z
  .string()
  .refine(
    (file) => !isAbsolute(file) && file.split('/').every((part) => !['', '.', '..'].includes(part)),
    'must be a file beside the manifest, or in a folder beside it',
  );

const variantSchema = z.object({
  /** What it does. @default classification */
  task: z.literal('classification').optional(),
  name: z.string().regex(/^[\w.-]+$/, 'expected letters, digits, ".", "_" and "-"'),
  file: fileBelow,
  /** Files that hold its weights, in the folder of `file`, as the model names them. */
  data: z.array(fileBelow).optional(),
  architecture: z.string(),
  /** Share of the architecture's full channels. */
  width: z.number().positive().optional(),
  precision: z.string(),
  /** Multiply-accumulates of one inference. */
  macs: z.number().positive().optional(),
  parameters: z.int().positive().optional(),
  /** Of all its files. */
  bytes: z.int().positive(),
  /** Of `file`, followed by those of `data` in their order. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  opset: z.int().positive().optional(),
  recipeVersion: z.string().optional(),
  input: inputSchema,
  output: z.object({
    name: z.string(),
    kind: z.enum(['logits', 'probabilities']),
    /** Of whole numbers: q stands for (q - zeroPoint) × scale. */
    quantisation: z.object({ scale: z.number().positive(), zeroPoint: z.int() }).optional(),
  }),
  /** Measured top-1, a fraction, on n labelled pictures, with its 95 % interval. */
  accuracy: z.object({
    top1: z.number().min(0).max(1),
    n: z.int().positive(),
    interval95: z.tuple([z.number(), z.number()]),
  }),
  /** Logits are divided by `temperature` before the softmax. */
  calibration: z.object({ temperature: z.number().positive() }),
  /** Compute time of one inference on the machine that dilation emulates multiples of. */
  referenceMs: z.number().positive().optional(),
  /** Absent: in service. */
  stage: stageSchema.optional(),
  /** The variant that it stood in for as a canary, before it was promoted: whoever serves that one by name serves this one too. */
  replaces: z.string().optional(),
});

/** A model of any inputs and outputs, e.g. a detector. */
const tensorVariantSchema = variantSchema
  .omit({ task: true, input: true, output: true, accuracy: true, calibration: true })
  .extend(tensorFields);

export const manifestSchema = z.object({
  manifestVersion: z.literal(1),
  family: z.string(),
  description: z.string().optional(),
  recipeVersion: z.string().optional(),
  /** Of classifiers; none of other models. */
  labels: z
    .array(z.string())
    .refine(({ length }) => length !== 1, 'expected at least two')
    .default([]),
  variants: z.array(z.discriminatedUnion('task', [variantSchema, tensorVariantSchema])).min(1),
  looks: looksSchema.optional(),
  /** The variant that every frame is to use, in service. */
  pinned: z.string().optional(),
  /** Files of variants that others have replaced, and when: kept while processes may still load them. */
  replaced: z
    .array(z.object({ file: fileBelow, data: z.array(fileBelow).optional(), at: z.iso.datetime() }))
    .optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type InputSpec = Readonly<z.infer<typeof inputSchema>>;

interface ModelFile {
  /** Absolute path of the ONNX file. */
  readonly path: string;
}
export type Classifier = Readonly<z.infer<typeof variantSchema>> & ModelFile;
export type TensorModel = Readonly<z.infer<typeof tensorVariantSchema>> & ModelFile;

/** One deployable model of a family. */
export type VariantEntry = Classifier | TensorModel;

/** What the variants of a family do: classify pictures, or give tensors for tensors. */
export type Task = 'classification' | 'tensor';

/** Accuracy that is expected of a variant, 0..1: measured top-1, or as declared. */
export const expectedAccuracy = ({ accuracy }: Pick<VariantEntry, 'accuracy'>): number =>
  'top1' in accuracy ? accuracy.top1 : accuracy.declared;

/** Models that answer the same question, classifiers over the same labels, at different cost and accuracy. */
export interface Family {
  readonly name: string;
  readonly directory: string;
  readonly labels: readonly string[];
  /** In service, and canaries. */
  readonly variants: readonly VariantEntry[];
  /** Known, and served no longer. @default none */
  readonly retired?: readonly VariantEntry[] | undefined;
  /** Name of the variant that every frame is to use. @default none */
  readonly pinned?: string | undefined;
  /** What second looks buy; absent: not measured. */
  readonly looks?: LookCurves | undefined;
}

/** Folder of the family that ships with Weir. */
export const embeddedFamilyDirectory = fileURLToPath(new URL('../../models', import.meta.url));

/**
 * Reads a family: a manifest file, or the folder that holds `manifest.json`.
 * @default path the embedded family
 * @throws NotFound when there is no manifest, InvalidInput when it is malformed, FailedPrecondition when a
 * model file is missing; each says what to do about it.
 */
export async function loadFamily(path: string = embeddedFamilyDirectory): Promise<Family> {
  const file = manifestFileOf(path);
  const manifest = parseManifest(await readManifest(file), file);
  return familyOf(manifest, file);
}

/**
 * What a family's manifest says, whether its model files are there or not: for who runs none of them.
 * @default path the embedded family
 * @throws NotFound when there is no manifest, InvalidInput when it is malformed
 */
export async function describeFamily(path: string = embeddedFamilyDirectory): Promise<Family> {
  const file = manifestFileOf(path);
  return describedFamily(parseManifest(await readManifest(file), file), file);
}

/** Where the manifest is of a family that is named by it or by its folder. */
export const manifestFileOf = (path: string): string =>
  path.endsWith('.json') ? resolve(path) : join(resolve(path), 'manifest.json');

/**
 * The family that a manifest describes. `file`: where the manifest is or will be.
 * @throws FailedPrecondition when a model file is missing
 */
export async function familyOf(manifest: Manifest, file: string): Promise<Family> {
  const family = describedFamily(manifest, file);
  const missing: string[] = [];
  for (const { file, path, data } of family.variants) {
    await access(path).catch(() => missing.push(file));
    for (const name of data ?? [])
      await access(join(dirname(path), name)).catch(() => missing.push(join(dirname(file), name)));
  }
  if (missing.length > 0)
    throw new FailedPrecondition(
      `${file} names model files that are not beside it: ${missing.join(', ')}. ` +
        'Copy them there, or remove their entries from the manifest.',
      { reason: 'MODEL_FILE_MISSING' },
    );
  return family;
}

function describedFamily(manifest: Manifest, file: string): Family {
  const directory = dirname(file);
  const all = manifest.variants.map((variant) => ({ ...variant, path: join(directory, variant.file) }));
  const variants = all.filter(isServed);
  // A canary answers in the place of another variant: no second look is planned around it.
  const names = variants.flatMap(({ name, stage }) => (stage ? [] : name));
  return {
    name: manifest.family,
    directory,
    labels: manifest.labels,
    variants,
    retired: all.filter((variant) => !isServed(variant)),
    pinned: manifest.pinned,
    looks: manifest.looks && lookCurvesOf(manifest.looks, names),
  };
}

/** Checks the JSON text of a manifest. `origin` names it in errors. */
export function parseManifest(text: string, origin = 'manifest.json'): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InvalidInput([{ field: origin, description: `is not JSON: ${(cause as Error).message}` }]);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success)
    throw new InvalidInput(
      parsed.error.issues.map(({ path, message }) => ({
        field: `${basename(origin)}: ${path.join('.')}`,
        description: message,
      })),
    );
  const names = parsed.data.variants.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new InvalidInput([
      { field: `${basename(origin)}: variants`, description: `${twice} is named twice` },
    ]);
  const faults = [...familyFaults(parsed.data), ...stageFaults(parsed.data)];
  if (faults.length > 0)
    throw new InvalidInput(
      faults.map(({ field, description }) => ({ field: `${basename(origin)}: ${field}`, description })),
    );
  return parsed.data;
}

/** @throws NotFound, naming the variants that there are. */
export function variantNamed(
  { variants }: { readonly variants: readonly VariantEntry[] },
  name: string,
): VariantEntry {
  const variant = variants.find((candidate) => candidate.name === name);
  if (variant) return variant;
  const known = variants.map((candidate) => candidate.name).join(', ');
  throw new NotFound(`there is no variant ${name}; there are ${known}`, { reason: 'MODEL_NOT_FOUND' });
}

/** @throws NotFound as `variantNamed`, FailedPrecondition for a variant that is no classifier */
export function classifierNamed(
  family: { readonly variants: readonly VariantEntry[] },
  name: string,
): Classifier {
  const variant = variantNamed(family, name);
  if (variant.task !== 'tensor') return variant;
  throw new FailedPrecondition(`${name} is no classifier: its task is tensor`, { reason: 'NO_CLASSIFIER' });
}

/** Compares each model's files with the manifest's sha256. */
export async function verifyChecksums(
  family: Family,
): Promise<readonly { readonly name: string; readonly matches: boolean }[]> {
  return Promise.all(
    family.variants.map(async ({ name, path, data, sha256 }) => ({
      name,
      matches: (await sha256Of(path, data)) === sha256,
    })),
  );
}

/** Lower-case hexadecimal sha256 of a model's file, followed by those of its `data` in the same folder. */
export async function sha256Of(path: string, data: readonly string[] = []): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [path, ...data.map((name) => join(dirname(path), name))])
    await pipeline(createReadStream(file), hash, { end: false });
  return hash.digest('hex');
}

async function readManifest(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new NotFound(
      `no model family at ${file}. Give the folder of a manifest.json; \`weir models import\` writes one.`,
      { cause, reason: 'MANIFEST_NOT_FOUND' },
    );
  }
}
