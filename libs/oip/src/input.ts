import { InvalidInput } from '@weir/base';
import { elementBytes, type NamedTensorValue, type TensorSpec } from '@weir/domain';
import type { common } from '@weir/proto';
import { namedTensorToWire } from '@weir/wire';
import { splitElements } from './bytes-elements.ts';
import { datatypeOf } from './datatypes.ts';
import { fits, mostMembers, type OipModel, pictureName } from './model.ts';

/**
 * Inputs as Weir's own contracts carry them: one for each member of a classifier's batch, one alone for other models. Throws
 * InvalidInput where the model takes others.
 */
export function weirInputs(model: OipModel, tensors: readonly NamedTensorValue[]): readonly common.Input[] {
  const pictures = picturesOf(model, tensors);
  if (pictures) return pictures.map((value) => ({ content: { $case: 'encodedImage', value } }));
  checkAgainst(model, tensors);
  if (!model.labels)
    return [{ content: { $case: 'tensors', value: { tensors: tensors.map(namedTensorToWire) } } }];
  // A classifier's one input goes without its name, which may differ between the variants of a family.
  return membersOf(tensors[0]!).map((member) => ({
    content: { $case: 'tensor', value: namedTensorToWire(member).tensor! },
  }));
}

/** The files, where a classifier is asked about pictures. */
function picturesOf(
  { labels, inputs }: OipModel,
  tensors: readonly NamedTensorValue[],
): readonly Uint8Array[] | undefined {
  const [tensor] = tensors;
  if (!labels || tensors.length !== 1 || tensor?.dtype !== 'string') return undefined;
  if (tensor.name !== pictureName && tensor.name !== inputs[0]?.name) return undefined;
  const pictures = splitElements(tensor.data, mostMembers);
  if (pictures && pictures.length > 0) return pictures;
  throw new InvalidInput([
    {
      field: 'inputs[0].shape',
      description: `expected 1..${mostMembers} pictures, got [${tensor.shape.join(',')}]`,
    },
  ]);
}

function membersOf({ name, dtype, shape, data }: NamedTensorValue): readonly NamedTensorValue[] {
  const [members, ...rest] = shape as [number, ...number[]];
  const bytes = rest.reduce((product, size) => product * size, elementBytes[dtype]);
  return Array.from({ length: members }, (_, at) => ({
    name,
    dtype,
    shape: [1, ...rest],
    data: data.subarray(at * bytes, (at + 1) * bytes),
  }));
}

/** In Triton's words. */
function checkAgainst(model: OipModel, tensors: readonly NamedTensorValue[]): void {
  const expected = expectedOf(model);
  const violations = tensors.flatMap((tensor, at) => {
    const spec = expected.find(({ name }) => name === tensor.name);
    const fault = (part: string, description: string) => ({ field: `inputs[${at}].${part}`, description });
    if (!spec)
      return fault(
        'name',
        `unexpected inference input '${tensor.name}' for model '${model.name}'; it takes ${described(model)}`,
      );
    if (tensor.dtype !== spec.dtype)
      return fault(
        'datatype',
        `inference input '${spec.name}' data-type is '${datatypeOf(tensor.dtype)}', but model '${model.name}' expects '${datatypeOf(spec.dtype)}'`,
      );
    if (!fits(tensor.shape, spec.shape))
      return fault(
        'shape',
        `unexpected shape for input '${spec.name}' for model '${model.name}'. Expected [${spec.shape.join(',')}], got [${tensor.shape.join(',')}]`,
      );
    const [members = 1] = tensor.shape;
    if (model.labels && (members < 1 || members > mostMembers))
      return fault('shape', `inference request batch-size must be 1..${mostMembers} for '${model.name}'`);
    return [];
  });
  const missing = expected.filter(({ name }) => !tensors.some((tensor) => tensor.name === name));
  if (violations.length === 0 && missing.length > 0)
    violations.push({
      field: 'inputs',
      description: `model '${model.name}' also needs ${missing.map(({ name }) => `'${name}'`).join(', ')}`,
    });
  if (violations.length > 0) throw new InvalidInput(violations);
}

/** A batch of a classifier is made of inferences of their own, whatever batches its graph takes. */
function expectedOf({ inputs, tensors = inputs, labels }: OipModel): readonly TensorSpec[] {
  return labels ? tensors.map((spec) => ({ ...spec, shape: [-1, ...spec.shape.slice(1)] })) : tensors;
}

const described = (model: OipModel): string =>
  [
    ...(model.labels ? [`a picture as '${pictureName}' BYTES[-1,1]`] : []),
    ...expectedOf(model)
      .filter(({ dtype }) => !model.labels || dtype !== 'string')
      .map(({ name, dtype, shape }) => `'${name}' ${datatypeOf(dtype)}[${shape.join(',')}]`),
  ].join(model.labels ? ' or ' : ', ');
