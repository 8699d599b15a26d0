import type { InputSpec } from '../catalogue/manifest.ts';

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
