import { seededRandom } from '@weir/base';
import type { TensorSample } from '@weir/cell';
import { type Family, zeroTensors } from '@weir/inference';
import { namedTensorToWire } from '@weir/wire';

const samples = 16;

/** Inputs of typical shape for models that are no classifiers, floats at random in 0..1; undefined for classifiers. */
export function tensorSamplesOf({ variants }: Pick<Family, 'variants'>): readonly TensorSample[] | undefined {
  const [variant] = variants;
  if (variant?.task !== 'tensor') return undefined;
  const random = seededRandom(1);
  return Array.from({ length: samples }, (_, at) => ({
    file: `random-${at}`,
    tensors: zeroTensors(variant).map((tensor) => {
      if (tensor.dtype !== 'float32') return namedTensorToWire(tensor);
      const floats = new Float32Array(tensor.data.length / 4).map(() => random.uniform());
      return namedTensorToWire({ ...tensor, data: new Uint8Array(floats.buffer) });
    }),
  }));
}
