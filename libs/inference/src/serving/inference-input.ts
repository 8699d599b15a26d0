import { InvalidInput } from '@weir/base';
import { elementBytes, type NamedTensorValue } from '@weir/domain';
import type { InputSpec, VariantEntry } from '../catalogue/manifest.ts';
import { exampleShape } from '../catalogue/tensor-variant.ts';
import { inputBytes } from './session-protocol.ts';

/** A tensor exactly as the model takes it: its bytes as they came, row-major, little endian. */
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

/** An input of zeros, empty strings and false, of the model's own or exemplary shape. */
export function zeroInput(variant: VariantEntry): InferenceInput {
  if (variant.task !== 'tensor') {
    const { shape, dtype } = variant.input;
    return { tensor: new Uint8Array(inputBytes(variant.input)), shape, dtype };
  }
  const tensors = variant.inputs.map((input) => {
    const shape = exampleShape(input);
    const bytes = shape.reduce((product, size) => product * size, elementBytes[input.dtype]);
    return { name: input.name, dtype: input.dtype, shape, data: new Uint8Array(bytes) };
  });
  return { tensors };
}

/** @throws InvalidInput for a tensor of another shape or type than the model's */
export function checkTensor({ tensor: data, shape, dtype }: TensorInput, spec: InputSpec): void {
  const violations = [];
  if (shape.length !== spec.shape.length || shape.some((size, axis) => size !== spec.shape[axis]))
    violations.push({
      field: 'tensor.shape',
      description: `is [${shape.join(', ')}]; the model takes [${spec.shape.join(', ')}] (${spec.layout})`,
    });
  if (dtype !== spec.dtype)
    violations.push({ field: 'tensor.datatype', description: `is ${dtype}; the model takes ${spec.dtype}` });
  const bytes = inputBytes(spec);
  if (dtype === spec.dtype && data.byteLength !== bytes)
    violations.push({
      field: 'tensor.data',
      description: `has ${data.byteLength} bytes instead of ${bytes}`,
    });
  if (violations.length > 0) throw new InvalidInput(violations);
}
