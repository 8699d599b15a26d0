import { InvalidInput, NotFound } from '@weir/base';
import type { TensorSpec } from '@weir/domain';

/** A model as clients see it. */
export interface OipModel {
  readonly name: string;
  /** In Triton's words where there is one, e.g. `onnxruntime_onnx`. */
  readonly platform: string;
  /** As metadata tells them. */
  readonly inputs: readonly TensorSpec[];
  /** What it takes instead of `inputs`, where those are a picture; undefined: pictures alone. */
  readonly tensors?: readonly TensorSpec[] | undefined;
  readonly outputs: readonly TensorSpec[];
  /**
   * Of a classifier, whose first dimension is the batch, and which takes a picture as well: a PNG or JPEG file as an
   * element of a BYTES input.
   */
  readonly labels?: readonly string[] | undefined;
  /** Of a classifier's tensor. */
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
  /** Inferences at once. */
  readonly instances: number;
  /** What else its configuration tells, e.g. `accuracy`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Why it cannot be asked now; undefined: it can. */
  readonly obstacle?: string | undefined;
  /** What else the index tells of it. */
  readonly note?: string | undefined;
}

/** A variant of a family, as its manifest tells it. */
export interface ModelVariant {
  readonly name: string;
  readonly task?: 'classification' | 'tensor' | undefined;
  readonly input?: { readonly layout: 'NCHW' | 'NHWC' };
  readonly accuracy: { readonly top1: number } | { readonly declared: number; readonly measure: string };
}

/** Of every model: Weir knows no others. */
export const version = '1';

/** Name of a picture, beside that of the model's input. */
export const pictureName = 'image';

/** Most members of one request to a classifier; each is an inference of its own. */
export const mostMembers = 8;

/** The model that a variant is. `labels`: of its family; `checksum`: of what it answers by. */
export function variantModel(
  variant: ModelVariant,
  { inputs, outputs }: Pick<OipModel, 'inputs' | 'outputs'>,
  {
    labels,
    instances,
    checksum,
  }: { labels: readonly string[]; instances: number; checksum?: string | undefined },
): OipModel {
  const { name, task, input, accuracy } = variant;
  const [figure, measure] =
    'top1' in accuracy ? [accuracy.top1, 'top-1'] : [accuracy.declared, accuracy.measure];
  return {
    name,
    platform: 'onnxruntime_onnx',
    inputs,
    outputs,
    ...(task !== 'tensor' && { labels, layout: input?.layout }),
    instances,
    parameters: {
      accuracy: String(figure),
      accuracy_measure: measure,
      ...(checksum && { weir_checksum: checksum }),
    },
  };
}

/** A model that stands for a whole family: any variant may answer. Of classifiers it takes a picture, which suits them all. */
export function familyModel(name: string, variants: readonly [OipModel, ...OipModel[]]): OipModel {
  const [first] = variants;
  const { inputs, outputs, labels, instances } = first;
  const alike = variants.every((other) => JSON.stringify(other.inputs) === JSON.stringify(inputs));
  return {
    name,
    platform: 'weir',
    ...(labels
      ? {
          inputs: [{ name: pictureName, dtype: 'string', shape: [-1, 1] }],
          tensors: alike ? inputs : undefined,
        }
      : { inputs }),
    outputs,
    labels,
    instances,
    parameters: { variants: variants.map((variant) => variant.name).join(',') },
  };
}

/** Throws NotFound for a model or a version that there is not. */
export function modelNamed(models: readonly OipModel[], name: string, asked: string): OipModel {
  if (name === '')
    throw new InvalidInput([{ field: 'model_name', description: 'expected the name of a model' }]);
  const model = models.find((candidate) => candidate.name === name);
  if (!model) {
    const known = models.map((candidate) => candidate.name).join(', ');
    throw new NotFound(`Request for unknown model: '${name}' is not found; there are ${known}`, {
      reason: 'MODEL_NOT_FOUND',
    });
  }
  if (asked !== '' && asked !== version)
    throw new NotFound(
      `Request for unknown model: '${name}' version ${asked} is not found; its version is ${version}`,
      { reason: 'MODEL_VERSION_NOT_FOUND' },
    );
  return model;
}

/** Whether a tensor's shape is one of those that a model declares. */
export const fits = (shape: readonly number[], declared: readonly number[]): boolean =>
  shape.length === declared.length && declared.every((size, axis) => size === -1 || size === shape[axis]);
