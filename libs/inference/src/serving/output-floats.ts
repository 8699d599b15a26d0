import type { Tensor } from 'onnxruntime-node';
import type { Quantisation } from '../catalogue/onnx-tail.ts';

/** A model's output as floats: as it is, wider or narrower floats converted, whole numbers dequantised. */
export function toFloats(
  { type, data }: Pick<Tensor, 'type' | 'data'>,
  quantisation: Quantisation | undefined,
): Float32Array {
  if (data instanceof Float32Array) return data;
  // Bits of half floats, on threads without a Float16Array.
  if (type === 'float16' && data instanceof Uint16Array) return halves(data);
  const numbers = data as ArrayLike<number>;
  if (!quantisation) return Float32Array.from(numbers);
  const { scale, zeroPoint } = quantisation;
  return Float32Array.from(numbers, (value) => (value - zeroPoint) * scale);
}

function halves({ buffer, byteOffset, byteLength, length }: Uint16Array): Float32Array {
  const view = new DataView(buffer, byteOffset, byteLength);
  return Float32Array.from({ length }, (_, at) => view.getFloat16(2 * at, true));
}
