import { InvalidInput } from '@weir/base';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeInto } from './image.ts';
import { checkTensor } from './inference-input.ts';
import { MAX_PIXELS } from './picture-limits.ts';
import { normalise } from './pixels.ts';
import type { InputSpec } from '../catalogue/manifest.ts';

const spec = (overrides: Partial<InputSpec> = {}): InputSpec => ({
  name: 'x',
  layout: 'NCHW',
  shape: [1, 3, 2, 2],
  dynamicBatch: false,
  dtype: 'float32',
  colourOrder: 'RGB',
  mean: [0, 0, 0],
  std: [1, 1, 1],
  ...overrides,
});
const png = (pixels: readonly number[], channels: 3 | 4, width = 2, height = 2) =>
  sharp(Uint8Array.from(pixels), { raw: { width, height, channels } }).png().toBuffer();
const PIXELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

const blank = ({ dtype, shape }: InputSpec) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return dtype === 'uint8' ? new Uint8Array(size) : new Float32Array(size);
};
async function decoded(image: Uint8Array, model: InputSpec) {
  const data = blank(model);
  await decodeInto(image, model, data);
  return data;
}
function normalised(pixels: Uint8Array, model: InputSpec) {
  const data = blank(model);
  normalise(pixels, model, data);
  return data;
}

function faultsOf(check: () => void): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    return (error as InvalidInput).violations.map(({ field }) => field);
  }
}

describe('decodeInto', () => {
  it('puts a picture of the right size into planes, byte for byte', async () => {
    const data = await decoded(await png(PIXELS, 3), spec());
    expect([...data]).toEqual([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12]);
  });

  it('keeps pixels interleaved for NHWC and bytes for uint8', async () => {
    const nhwc = spec({ layout: 'NHWC', shape: [1, 2, 2, 3], dtype: 'uint8' });
    const data = await decoded(await png(PIXELS, 3), nhwc);
    expect(data).toEqual(Uint8Array.from(PIXELS));
  });

  it('resizes and drops transparency over black', async () => {
    const opaqueHalf = Array.from({ length: 16 }, (_, i) => [200, 100, 50, i % 4 < 2 ? 255 : 0]).flat();
    const data = await decoded(await png(opaqueHalf, 4, 4, 4), spec());
    expect(data).toHaveLength(12);
    expect(data[0]).toBeGreaterThan(data[1]!);
  });

  it('reads JPEG', async () => {
    const image = await sharp({ create: { width: 9, height: 5, channels: 3, background: '#808080' } })
      .jpeg()
      .toBuffer();
    const data = await decoded(image, spec());
    for (const value of data) expect(Math.abs(value - 128)).toBeLessThan(3);
  });

  it('refuses a picture whose pixels would not fit in memory, without decoding it', async () => {
    const side = Math.ceil(Math.sqrt(MAX_PIXELS)) + 1;
    const image = await sharp({ create: { width: side, height: side, channels: 3, background: '#000' } })
      .png()
      .toBuffer();
    expect(image.byteLength).toBeLessThan(200_000);
    await expect(decoded(image, spec())).rejects.toThrow(InvalidInput);
  });

  it.each([
    ['neither PNG nor JPEG', () => Promise.resolve(Buffer.from('<svg/>'))],
    ['a PNG cut short', async () => (await png(PIXELS, 3)).subarray(0, 40)],
  ])('refuses %s', async (_, image) => {
    await expect(decoded(await image(), spec())).rejects.toThrow(InvalidInput);
  });

  it('names every fault of a raw tensor', () => {
    const wrong = { tensor: new Uint8Array(3), shape: [3], dtype: 'uint8' } as const;
    expect(faultsOf(() => checkTensor(wrong, spec()))).toEqual(['tensor.shape', 'tensor.dtype']);
    expect(faultsOf(() => checkTensor({ ...wrong, dtype: 'float32' }, spec()))).toEqual([
      'tensor.shape',
      'tensor.data',
    ]);
    const right = { tensor: new Uint8Array(48), shape: [1, 3, 2, 2], dtype: 'float32' } as const;
    expect(faultsOf(() => checkTensor(right, spec()))).toEqual([]);
  });
});

describe('normalise', () => {
  it('subtracts the mean and divides by the deviation of each channel', () => {
    const data = normalised(Uint8Array.from(PIXELS), spec({ mean: [1, 2, 3], std: [1, 2, 3] }));
    expect([...data]).toEqual([0, 3, 6, 9, 0, 1.5, 3, 4.5, 0, 1, 2, 3]);
  });

  it('agrees with the definition in every layout, order and type', () => {
    fc.assert(
      fc.property(
        fc.record({
          height: fc.integer({ min: 1, max: 5 }),
          width: fc.integer({ min: 1, max: 5 }),
          layout: fc.constantFrom('NCHW' as const, 'NHWC' as const),
          colourOrder: fc.constantFrom('RGB' as const, 'BGR' as const),
          dtype: fc.constantFrom('float32' as const, 'uint8' as const),
          seed: fc.integer({ min: 0, max: 255 }),
        }),
        ({ height, width, layout, colourOrder, dtype, seed }) => {
          const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 37 + seed) % 256);
          const shape = layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3];
          const model = spec({ layout, shape, colourOrder, dtype, mean: [9, 5, 2], std: [2, 3, 4] });
          const data = normalised(pixels, model);
          for (let y = 0; y < height; y++)
            for (let x = 0; x < width; x++)
              for (let c = 0; c < 3; c++) {
                const byte = pixels[(y * width + x) * 3 + (colourOrder === 'BGR' ? 2 - c : c)]!;
                const at = layout === 'NCHW' ? (c * height + y) * width + x : (y * width + x) * 3 + c;
                const scaled = Math.fround((byte - model.mean[c]!) / model.std[c]!);
                expect(data[at]).toBe(dtype === 'uint8' ? byte : scaled);
              }
        },
      ),
    );
  });
});
