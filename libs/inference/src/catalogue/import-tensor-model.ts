import { type Clock, InvalidInput, NotFound, systemClock, WeirError } from '@weir/base';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type CanaryWish, canaryStage } from './change-stages.ts';
import { lockFamily } from './import/family-lock.ts';
import { removeFiles, replacedFiles, type StagedModel, stageModel } from './import/place-model.ts';
import { readAnyFamily } from './import/read-family.ts';
import { openStaging, withReason } from './import/staging.ts';
import { rounded } from './import/trial.ts';
import { variantNameOf } from './import/variant-name.ts';
import { inspectTensors } from './inspect-tensors.ts';
import { parseManifest, type TensorModel } from './manifest.ts';
import { manifestText } from './manifest-text.ts';
import type { Progress } from './measure-accuracy.ts';
import { type Latency, measureLatency } from './measure-latency.ts';
import { readOnnx } from './onnx-file.ts';
import { startRunner } from '../serving/runner.ts';

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
  /** Brings it in as a canary of another variant. @default in service at once */
  readonly canary?: CanaryWish | undefined;
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

export interface ImportedTensorModel {
  readonly manifest: string;
  readonly variant: Omit<TensorModel, 'path'>;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/**
 * Imports a model of any inputs and outputs as a variant: reads its interface, measures its latency on zeros with the serving
 * runtime, copies it beside the manifest and adds the entry. Accuracy is taken as declared. The family stays as it was when
 * anything is refused or fails: all is written aside, the manifest is renamed last.
 * @throws InvalidInput, NotFound: what cannot be served and why; ResourceExhausted for a full disk; FailedPrecondition for a
 * folder that takes nothing
 */
export async function importTensorModel(options: TensorImportOptions): Promise<ImportedTensorModel> {
  const { model, signal, onWait, clock = systemClock } = options;
  const directory = resolve(options.directory);
  const name = variantNameOf(options);
  // Called after each run: there an import can end.
  const onProgress: Progress = (progress) => {
    signal?.throwIfAborted();
    options.onProgress?.(progress);
  };
  const bytes = await readFile(model).catch((cause: unknown) => {
    throw new NotFound(`there is no model at ${model}`, { cause });
  });
  const tensors = await inspectTensors(model, options.shapes);
  const { opset, parameters, externalData } = readOnnx(bytes);
  using _lock = await lockFamily(directory, { signal, onWait });
  const { manifest: before } = await readAnyFamily(directory);
  const stage = options.canary && canaryStage(options.canary, { name, known: before?.variants ?? [] });
  await using staging = await openStaging(directory);
  const staged = await withReason(directory, () =>
    stageModel(model, { name, externalData, directory, staging }),
  );
  const draft = draftOf(options, { name, staged, tensors: { ...tensors, opset, parameters } });
  const { p50Ms, p95Ms } = await latencyOf(
    { ...draft, path: staged.path },
    { runs: options.runs, onProgress },
  );
  // However quick, it takes time.
  const variant = { ...draft, referenceMs: Math.max(0.0001, rounded(p50Ms)), ...(stage && { stage }) };
  const others = before?.variants.filter((each) => each.name !== name) ?? [];
  const family = { manifestVersion: 1 as const, family: options.family ?? basename(directory), labels: [] };
  const variants = [...others, variant];
  const manifest = join(directory, 'manifest.json');
  const { kept, removable } = replacedFiles({ before, after: variants, now: clock.now() });
  const replaced = kept.length > 0 ? kept : undefined;
  const text = manifestText({ ...family, ...before, variants, replaced });
  parseManifest(text, manifest);
  await withReason(directory, async () => {
    await staging.write('manifest.json', text);
    if (staged.move) await staging.publish(staged.move.from, staged.move.target);
    await staging.publish('manifest.json');
    await removeFiles(directory, removable);
  });
  return { manifest, variant, p50Ms, p95Ms };
}

/** Everything but what must be measured. */
function draftOf(
  { architecture, precision = 'fp32', macs, accuracy, measure }: TensorImportOptions,
  {
    name,
    staged: { file, data, bytes, sha256 },
    tensors: { opset, parameters, inputs, outputs },
  }: {
    readonly name: string;
    readonly staged: StagedModel;
    readonly tensors: Pick<TensorModel, 'inputs' | 'outputs' | 'opset'> & { readonly parameters: number };
  },
): Omit<TensorModel, 'path'> {
  return {
    name,
    task: 'tensor',
    file,
    data,
    architecture: architecture ?? name,
    precision,
    macs,
    parameters: parameters > 0 ? parameters : undefined,
    bytes,
    sha256,
    opset,
    inputs,
    outputs,
    accuracy: { declared: accuracy, measure },
  };
}

async function latencyOf(
  variant: TensorModel,
  how: { readonly runs: number | undefined; readonly onProgress: Progress },
): Promise<Latency> {
  const family = { name: 'import', directory: '', labels: [], variants: [variant] };
  try {
    await using runner = await startRunner({ family });
    const [latency] = await measureLatency({ runner, ...how });
    return latency!;
  } catch (cause) {
    if (!(cause instanceof WeirError)) throw cause;
    const description = `does not run on zeros: ${cause.message}. Give another --shape where the model leaves it open`;
    throw new InvalidInput([{ field: 'model', description }], { cause, reason: 'MODEL_CANNOT_BE_SERVED' });
  }
}
