import { InvalidInput } from '@weir/base';
import type { InputSpec } from '../catalogue/manifest.ts';

/** A tensor exactly as the model takes it: its bytes as they came, row-major, little endian. */
export interface TensorInput {
  readonly tensor: Uint8Array;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'uint8';
}

/** A PNG or JPEG file, or a tensor. */
export type InferenceInput = { readonly image: Uint8Array } | TensorInput;

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
  const bytes = spec.shape.reduce((product, length) => product * length, spec.dtype === 'uint8' ? 1 : 4);
  if (dtype === spec.dtype && data.byteLength !== bytes)
    violations.push({
      field: 'tensor.data',
      description: `has ${data.byteLength} bytes instead of ${bytes}`,
    });
  if (violations.length > 0) throw new InvalidInput(violations);
}
