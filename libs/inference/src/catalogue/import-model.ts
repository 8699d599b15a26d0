import { type Clock, systemClock } from '@weir/base';
import { basename, join, resolve } from 'node:path';
import { type CanaryWish, canaryStage } from './change-stages.ts';
import { lockFamily } from './import/family-lock.ts';
import { removeFiles, replacedFiles, type StagedModel, stageModel } from './import/place-model.ts';
import { readFamily } from './import/read-family.ts';
import { readSources, type Sources } from './import/read-sources.ts';
import { openStaging, type Staging, withReason } from './import/staging.ts';
import { rounded, tryOut } from './import/trial.ts';
import { variantNameOf } from './import/variant-name.ts';
import type { ModelInterface } from './inspect-model.ts';
import type { LabelledFile } from './labelled-pictures.ts';
import type { Looks } from '../looks/curves-schema.ts';
import { LEAST_PICTURES } from '../looks/estimate-curves.ts';
import { measureCurves } from '../looks/measure-curves.ts';
import type { Progress } from './measure-accuracy.ts';
import { measureLatency } from './measure-latency.ts';
import { type Classifier, type Family, type Manifest, familyOf, parseManifest } from './manifest.ts';
import { manifestText } from './manifest-text.ts';
import { startRunner } from '../serving/runner.ts';
import { chooseSamples, type KeepOptions, nameOfSampleList, readSampleEntries } from './samples.ts';

export interface ImportOptions extends Sources {
  /** @default the file's name */
  readonly name?: string | undefined;
  /** @default the folder's name */
  readonly family?: string | undefined;
  /** @default the variant's name */
  readonly architecture?: string | undefined;
  /** @default fp32 */
  readonly precision?: string | undefined;
  readonly macs?: number | undefined;
  /** Brings it in as a canary of another variant. @default in service at once */
  readonly canary?: CanaryWish | undefined;
  /** What the output is. @default what the graph and the outputs on the pictures say */
  readonly outputKind?: 'logits' | 'probabilities' | undefined;
  /** Which pictures stay with the family, as its samples. */
  readonly keep: KeepOptions & {
    /** Link to them instead of copying. @default false */
    readonly link?: boolean | undefined;
  };
  /** Inferences for its latency. @default 200 */
  readonly runs?: number | undefined;
  readonly onProgress?: Progress | undefined;
  /** Told when another import into the family is under way. */
  readonly onWait?: (() => void) | undefined;
  /** @default systemClock */
  readonly clock?: Clock | undefined;
  /** Ends the import; the family stays as it was. */
  readonly signal?: AbortSignal | undefined;
}

/** An imported variant and its measured latency. */
export interface Imported {
  readonly manifest: string;
  readonly variant: Omit<Classifier, 'path'>;
  readonly labels: readonly string[];
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Curves of second looks in the family, and the pictures they were measured on; absent: none is known. */
  readonly looks?: { readonly pictures: number; readonly curves: number } | undefined;
  /** Labelled pictures beside the family's models. */
  readonly samples: { readonly added: number; readonly total: number };
  /** What was passed over and what is not as it was declared, a sentence each. */
  readonly told: readonly string[];
}

/**
 * Imports a user's own classifier as a variant: reads its interface, measures accuracy and latency with the serving runtime,
 * copies it and some of the pictures into the family's folder and adds the entry to the manifest. The family stays as it was
 * when anything is refused or fails: all is written aside, the manifest is renamed last.
 * @throws InvalidInput: what cannot be served and why, or which hints are missing; ResourceExhausted for a full disk;
 * FailedPrecondition for a folder that takes nothing, or a family whose models are missing
 */
export async function importModel(options: ImportOptions): Promise<Imported> {
  const { signal, onWait, clock = systemClock } = options;
  const directory = resolve(options.directory);
  const name = variantNameOf(options);
  // Called after each picture and each run: there an import can end.
  const onProgress: Progress = (progress) => {
    signal?.throwIfAborted();
    options.onProgress?.(progress);
  };
  const { model, labels, pictures, told } = await readSources(options, onProgress);
  using _lock = await lockFamily(directory, { signal, onWait });
  // Others may have imported meanwhile.
  const { manifest: before } = await readFamily(directory, labels);
  const file = join(directory, 'manifest.json');
  const stage = options.canary && canaryStage(options.canary, { name, known: before?.variants ?? [] });
  const others = before?.variants.filter((each) => each.name !== name) ?? [];
  if (before) await familyOf({ ...before, variants: others }, file);
  await using staging = await openStaging(directory);
  const { staged, samples } = await withReason(directory, async () => ({
    staged: await stageModel(options.model, { name, externalData: model.externalData, directory, staging }),
    samples: await stageSamples(pictures, { ...options.keep, directory, staging }),
  }));
  const { path, move } = staged;
  const measured = await measure(
    { ...entryOf(options, { name, model, staged }), path },
    {
      labels,
      pictures,
      softmax: model.softmax,
      kind: options.outputKind,
      runs: options.runs,
      onProgress,
    },
  );
  const { latency } = measured;
  const variant = { ...measured.variant, ...(stage && { stage }) };

  const family = {
    manifestVersion: 1 as const,
    family: options.family ?? basename(directory),
    labels: [...labels],
  };
  const variants = [...others, variant];
  const manifest: Manifest = { ...family, ...before, variants };
  const looks = await looksWith(variant, { manifest, file, model: path, pictures, onProgress });
  const { kept, removable } = replacedFiles({ before, after: variants, now: clock.now() });
  const replaced = kept.length > 0 ? kept : undefined;
  const text = manifestText({ ...manifest, looks, replaced });
  parseManifest(text, file);
  await withReason(directory, async () => {
    await staging.write('manifest.json', text);
    for (const name of samples.names) await staging.publish(name);
    if (move) await staging.publish(move.from, move.target);
    await staging.publish('manifest.json');
    await removeFiles(directory, removable);
  });
  return {
    manifest: file,
    variant,
    labels,
    p50Ms: latency.p50Ms,
    p95Ms: latency.p95Ms,
    looks: looks && { pictures: looks.pictures, curves: looks.curves.length },
    samples: { added: samples.added, total: samples.total },
    told: [...model.told, ...told],
  };
}

/** Everything but what must be measured. */
function entryOf(
  { architecture, precision = 'fp32', macs }: ImportOptions,
  {
    name,
    model,
    staged: { file, data, bytes, sha256 },
  }: { name: string; model: ModelInterface; staged: StagedModel },
): Omit<Classifier, 'path'> {
  const { opset, parameters, input, outputName, quantisation } = model;
  return {
    name,
    file,
    data,
    architecture: architecture ?? name,
    precision,
    macs,
    parameters: parameters > 0 ? parameters : undefined,
    bytes,
    sha256,
    opset,
    input,
    // As it is: what it is like shows on the pictures.
    output: { name: outputName, kind: 'probabilities', quantisation },
    accuracy: { top1: 0, n: 1, interval95: [0, 1] },
    calibration: { temperature: 1 },
  };
}

async function measure(
  draft: Classifier,
  {
    labels,
    pictures,
    softmax,
    kind,
    runs,
    onProgress,
  }: {
    readonly labels: readonly string[];
    readonly pictures: readonly LabelledFile[];
    readonly softmax: boolean;
    readonly kind: ImportOptions['outputKind'];
    readonly runs: number | undefined;
    readonly onProgress: Progress;
  },
) {
  const trial: Family = { name: 'import', directory: '', labels, variants: [draft] };
  await using runner = await startRunner({ family: trial });
  const { accuracy, likeProbabilities } = await tryOut(runner, pictures, onProgress);
  const [latency] = await measureLatency({ runner, runs, onProgress });
  const found = softmax || likeProbabilities ? ('probabilities' as const) : ('logits' as const);
  const { path: _, ...entry } = draft;
  const variant = {
    ...entry,
    output: { ...draft.output, kind: kind ?? found },
    accuracy,
    // However quick, it takes time.
    referenceMs: Math.max(0.0001, rounded(latency!.p50Ms)),
  };
  return { variant, latency: latency! };
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
    readonly pictures: readonly LabelledFile[];
    readonly onProgress: Progress;
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
  const added = { ...variant, path: model };
  return measureCurves({
    family: { ...family, variants: [...family.variants, added] },
    pictures,
    onProgress,
  });
}

/** Pictures to add to the family's samples; `names`: what is to be published, the list last. */
async function stageSamples(
  pictures: readonly LabelledFile[],
  {
    directory,
    staging,
    link = false,
    ...limits
  }: ImportOptions['keep'] & { readonly directory: string; readonly staging: Staging },
): Promise<Imported['samples'] & { readonly names: readonly string[] }> {
  const known = await readSampleEntries(directory);
  const added = await chooseSamples(pictures, { ...limits, known, directory });
  const names: string[] = [];
  for (const { entry, picture } of added) {
    const name = join('samples', entry.file);
    await (link ? staging.link(picture.path, name) : staging.copy(picture.path, name));
    names.push(name);
  }
  if (added.length > 0) {
    const list = [...known, ...added.map(({ entry }) => entry)];
    await staging.write(nameOfSampleList, `${JSON.stringify(list, null, 2)}\n`);
    names.push(nameOfSampleList);
  }
  return { added: added.length, total: known.length + added.length, names };
}
