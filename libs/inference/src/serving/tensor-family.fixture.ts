import type { TensorSpec } from '@weir/domain';
import { fileURLToPath } from 'node:url';
import type { Family, TensorModel } from '../catalogue/manifest.ts';

/** Entry of a model of `fixtures/`, built by models/recipe/tensors.py. */
export function tensorModel(
  fixture: string,
  { inputs, outputs }: Pick<TensorModel, 'inputs' | 'outputs'>,
): TensorModel {
  return {
    task: 'tensor',
    name: fixture,
    file: `${fixture}.onnx`,
    path: fileURLToPath(new URL(`../../fixtures/${fixture}.onnx`, import.meta.url)),
    architecture: fixture,
    precision: 'fp32',
    bytes: 1,
    sha256: '0'.repeat(64),
    inputs,
    outputs,
    accuracy: { declared: 0.372, measure: 'mAP 50-95' },
    referenceMs: 1,
  };
}

const float = (name: string, shape: number[]) => ({ name, dtype: 'float32' as const, shape });

export const detector = tensorModel('detector-8', {
  inputs: [{ ...float('images', [-1, 3, -1, -1]), example: [1, 3, 64, 64] }, float('threshold', [1])],
  outputs: [
    float('boxes', [-1, -1, 4]),
    float('scores', [-1, 5, -1]),
    { name: 'kept', dtype: 'int64', shape: [-1, 3] },
  ],
});

export const familyOf = (...variants: TensorModel[]): Family => ({
  name: 'tensors',
  directory: '',
  labels: [],
  variants,
});

/** An input of the detector: gray, `height` × `width`. */
export const pictures = (batch: number, height: number, width: number) => ({
  ...float('images', [batch, 3, height, width]),
  data: new Uint8Array(Float32Array.from({ length: batch * 3 * height * width }, () => 0.5).buffer),
});
export const threshold = (value: number) => ({
  ...float('threshold', [1]),
  data: new Uint8Array(Float32Array.of(value).buffer),
});
export const every = (suffix: 'in' | 'out', dtypes: readonly TensorSpec['dtype'][]) =>
  dtypes.map((dtype) => ({ name: `${dtype}_${suffix}`, dtype, shape: [-1] }));
