import { type FieldViolation, InvalidInput, Violations } from '@weir/base';
import { dataFault, elementBytes, type NamedTensorValue } from '@weir/domain';
import type { InputSpec, TensorModel, VariantEntry } from '../catalogue/manifest.ts';
import { exampleShape, fits } from '../catalogue/tensor-variant.ts';
import { inputBytes } from './session-protocol.ts';

/** A tensor exactly as a classifier takes it: its bytes as they came, row-major, little endian. */
export interface TensorInput {
  readonly tensor: Uint8Array;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'uint8';
}

/** All inputs of a model, in any order. */
export interface TensorsInput {
  readonly tensors: readonly NamedTensorValue[];
}

/** A PNG or JPEG file or a tensor, for a classifier; or the inputs by name, for any model. */
export type InferenceInput = { readonly image: Uint8Array } | TensorInput | TensorsInput;

/** An input that fits its model: a picture, a classifier's only tensor, or all tensors of a model that is none. */
export type ModelInput = { readonly image: Uint8Array } | { readonly tensor: Uint8Array } | TensorsInput;

/** @throws InvalidInput, naming every fault, for an input that the variant does not take */
export function modelInput(input: InferenceInput, variant: VariantEntry): ModelInput {
  if (variant.task === 'tensor') {
    if ('tensors' in input) return ofModel(input, variant);
    const field = 'image' in input ? 'image' : 'tensor';
    const description = `${variant.name} takes tensors by name: ${variant.inputs.map(declared).join(', ')}`;
    throw new InvalidInput([{ field, description }]);
  }
  if ('tensors' in input) return ofClassifier(input, variant.input);
  if ('tensor' in input) checkTensor(input, variant.input);
  return input;
}

function ofModel(input: TensorsInput, { inputs }: Pick<TensorModel, 'inputs'>): TensorsInput {
  const faults = new Violations();
  const given = new Set<string>();
  for (const { name, dtype, shape, data } of input.tensors) {
    const field = `tensors[${name}]`;
    const spec = inputs.find((candidate) => candidate.name === name);
    faults.check(!given.has(name), field, 'appears twice');
    given.add(name);
    if (!spec) {
      faults.check(false, field, `the model has no such input; it takes ${inputs.map(declared).join(', ')}`);
      continue;
    }
    const sameType = faults.check(
      dtype === spec.dtype,
      `${field}.dtype`,
      `is ${dtype}; the model takes ${spec.dtype}`,
    );
    const good = fits(shape, spec.shape) && shape.every((size) => Number.isInteger(size) && size > 0);
    faults.check(
      good,
      `${field}.shape`,
      `is [${shape.join(', ')}]; the model takes ${declared(spec)}, -1 being any size > 0`,
    );
    const fault = sameType && good ? dataFault({ dtype, shape, data }) : undefined;
    faults.check(fault === undefined, `${field}.data`, fault ?? '');
  }
  for (const spec of inputs)
    faults.check(given.has(spec.name), `tensors[${spec.name}]`, `missing: the model takes ${declared(spec)}`);
  faults.throwIfAny();
  return input;
}

const declared = ({ name, dtype, shape }: TensorModel['inputs'][number]) =>
  `${name} ${dtype}[${shape.join(', ')}]`;

/** A classifier's only input by its name. */
function ofClassifier({ tensors }: TensorsInput, spec: InputSpec): ModelInput {
  const [only] = tensors;
  const takes = `${spec.name} ${spec.dtype}[${spec.shape.join(', ')}]`;
  if (tensors.length !== 1 || only?.name !== spec.name)
    throw new InvalidInput([
      {
        field: 'tensors',
        description: `are ${tensors.map(({ name }) => name).join(', ')}; the model takes ${takes} alone`,
      },
    ]);
  const { data, shape, dtype } = only;
  checkTensor({ tensor: data, shape, dtype }, spec, `tensors[${spec.name}]`);
  return { tensor: data };
}

/** `field`: where the tensor is, in violations. @throws InvalidInput for a tensor of another shape or type than the model's */
export function checkTensor(
  { tensor: data, shape, dtype }: Omit<TensorInput, 'dtype'> & Pick<NamedTensorValue, 'dtype'>,
  spec: InputSpec,
  field = 'tensor',
): void {
  const violations: FieldViolation[] = [];
  if (!fits(shape, spec.shape))
    violations.push({
      field: `${field}.shape`,
      description: `is [${shape.join(', ')}]; the model takes [${spec.shape.join(', ')}] (${spec.layout})`,
    });
  if (dtype !== spec.dtype)
    violations.push({
      field: `${field}.dtype`,
      description: `is ${dtype}; the model takes ${spec.dtype}`,
    });
  const bytes = inputBytes(spec);
  if (dtype === spec.dtype && data.byteLength !== bytes)
    violations.push({
      field: `${field}.data`,
      description: `has ${data.byteLength} bytes instead of ${bytes}`,
    });
  if (violations.length > 0) throw new InvalidInput(violations);
}

/** An input of zeros, empty strings and false, of the model's own or exemplary shape. */
export function zeroInput(variant: VariantEntry): InferenceInput {
  if (variant.task === 'tensor') return { tensors: zeroTensors(variant) };
  const { shape, dtype } = variant.input;
  return { tensor: new Uint8Array(inputBytes(variant.input)), shape, dtype };
}

/** As `zeroInput`. */
export const zeroTensors = ({ inputs }: Pick<TensorModel, 'inputs'>): readonly NamedTensorValue[] =>
  inputs.map((input) => {
    const { name, dtype } = input;
    const shape = exampleShape(input);
    const bytes = shape.reduce((product, size) => product * size, elementBytes[dtype]);
    return { name, dtype, shape, data: new Uint8Array(bytes) };
  });
