import { InvalidInput } from '@weir/base';
import sharp from 'sharp';
import { invalidImage, MAX_PIXELS, withinLimits } from './picture-limits.ts';
import type { InputSpec } from '../catalogue/manifest.ts';

// One thread a picture: the pool's slots are the parallelism, and a session's time must not depend on neighbours.
sharp.concurrency(1);
sharp.cache(false);

/** A tensor exactly as the model takes it: its bytes as they came, row-major, little endian. */
export interface TensorInput {
  readonly tensor: Uint8Array;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'uint8';
}

/** A PNG or JPEG file, or a tensor. */
export type InferenceInput = { readonly image: Uint8Array } | TensorInput;

/**
 * Decodes, resizes and normalises a picture into `data`, which has the model's layout and type.
 * @throws InvalidInput for a picture that cannot be read or is too large
 */
export async function decodeInto(
  image: Uint8Array,
  spec: InputSpec,
  data: Float32Array | Uint8Array,
): Promise<void> {
  const { height, width } = sideLengths(spec);
  normalise(await decode(image, { height, width, gray: spec.colourOrder === 'GRAY' }), spec, data);
}

/** Pixels, row by row, channels interleaved (RGB or gray): uint8 [height × width × channels]. */
export async function decode(
  image: Uint8Array,
  { height, width, gray = false }: { height: number; width: number; gray?: boolean },
): Promise<Uint8Array> {
  const safe = withinLimits(image);
  try {
    const pipeline = sharp(safe, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
      .autoOrient()
      .flatten({ background: '#000' })
      .resize(width, height, { fit: 'fill' })
      .toColourspace(gray ? 'b-w' : 'srgb');
    return await pipeline.raw({ depth: 'uchar' }).toBuffer();
  } catch (cause) {
    throw invalidImage((cause as Error).message, cause);
  }
}

/** Interleaved pixels to the model's layout, type and scale, into `data`. */
export function normalise(pixels: Uint8Array, spec: InputSpec, data: Float32Array | Uint8Array): void {
  const { height, width, channels } = sideLengths(spec);
  const plane = height * width;
  const source = (channel: number) => (spec.colourOrder === 'BGR' ? channels - 1 - channel : channel);
  for (let channel = 0; channel < channels; channel++) {
    const values = spec.dtype === 'uint8' ? undefined : scaled(spec, channel);
    let at = spec.layout === 'NCHW' ? channel * plane : channel;
    const step = spec.layout === 'NCHW' ? 1 : channels;
    for (let from = source(channel); from < pixels.length; from += channels, at += step)
      data[at] = values ? values[pixels[from]!]! : pixels[from]!;
  }
}

/** Height, width and channels of a model's input. */
export function sideLengths({ layout, shape }: InputSpec): {
  height: number;
  width: number;
  channels: number;
} {
  const [, a, b, c] = shape as [number, number, number, number];
  return layout === 'NCHW' ? { channels: a, height: b, width: c } : { height: a, width: b, channels: c };
}

/** The 256 values that a byte of a channel can become. */
function scaled(spec: InputSpec, channel: number): Float32Array {
  const mean = spec.mean[channel] ?? spec.mean[0]!;
  const std = spec.std[channel] ?? spec.std[0]!;
  return Float32Array.from({ length: 256 }, (_, byte) => (byte - mean) / std);
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
  const bytes = spec.shape.reduce((product, length) => product * length, spec.dtype === 'uint8' ? 1 : 4);
  if (dtype === spec.dtype && data.byteLength !== bytes)
    violations.push({
      field: 'tensor.data',
      description: `has ${data.byteLength} bytes instead of ${bytes}`,
    });
  if (violations.length > 0) throw new InvalidInput(violations);
}
