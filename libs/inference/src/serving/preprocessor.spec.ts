import { InvalidInput } from '@weir/base';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { loadFamily, type Classifier } from '../catalogue/manifest.ts';
import { classifiedElsewhere } from './answer-from-elsewhere.ts';
import { decodeInto } from './image.ts';
import { createPreprocessor, type Preprocessor } from './preprocessor.ts';

const picture = readFileSync(new URL('../../models/samples/scene-0000.png', import.meta.url));
const { labels, variants } = await loadFamily();
const classifier = variants[0] as Classifier;
const { input } = classifier;

describe('a preprocessor', () => {
  let preprocessor: Preprocessor;
  afterEach(() => preprocessor[Symbol.asyncDispose]());

  it.each([input, { ...input, dtype: 'uint8' as const }])(
    "makes the tensor that the runtime's own threads would make",
    async (spec) => {
      preprocessor = createPreprocessor();
      const { tensor, decodeMs } = await preprocessor.prepare(picture, spec);
      const expected = spec.dtype === 'uint8' ? new Uint8Array(3 * 64 * 64) : new Float32Array(3 * 64 * 64);
      await decodeInto(picture, spec, expected);
      expect(Buffer.from(tensor).equals(Buffer.from(expected.buffer))).toBe(true);
      expect(decodeMs).toBeGreaterThan(0);
    },
  );

  it('refuses what is no picture, and goes on', async () => {
    preprocessor = createPreprocessor();
    const [bad, good] = await Promise.allSettled([
      preprocessor.prepare(Buffer.from('nothing'), input),
      preprocessor.prepare(picture, input),
    ]);
    expect((bad as PromiseRejectedResult).reason).toBeInstanceOf(InvalidInput);
    expect(good.status).toBe('fulfilled');
  });

  it('takes nothing once closed', async () => {
    preprocessor = createPreprocessor();
    await preprocessor[Symbol.asyncDispose]();
    await expect(preprocessor.prepare(picture, input)).rejects.toThrow('was closed');
  });
});

describe('an output of another runtime', () => {
  const read = (
    dtype: 'float32' | 'float64' | 'int8' | 'float16',
    shape: number[],
    data: Uint8Array,
    wantOutputs = false,
  ) => classifiedElsewhere(classifier, { name: 'y', dtype, shape, data }, { labels, wantOutputs });
  const numbers: readonly number[] = labels.map((_, at) => (at === 3 ? 4 : at === 5 ? 3 : 0));
  /** Not aligned. */
  const within = (bytes: ArrayBufferLike) =>
    Buffer.concat([Buffer.alloc(1), new Uint8Array(bytes)]).subarray(1);

  it.each([
    ['float32', within(Float32Array.from(numbers).buffer)],
    ['float64', within(Float64Array.from(numbers).buffer)],
    ['float16', within(Float16Array.from(numbers).buffer)],
  ] as const)('of %s says what its classes are', (dtype, data) => {
    const { label, classIndex, confidence, margin, outputs } = read(dtype, [1, 10], data);
    expect({ label, classIndex, outputs }).toEqual({ label: labels[3], classIndex: 3, outputs: undefined });
    expect(margin).toBeGreaterThan(0.1);
    expect(confidence).toBeGreaterThan(margin);
  });

  it('comes along where it is asked for', () => {
    const data = within(Float32Array.from(numbers).buffer);
    expect(read('float32', [10], data, true).outputs).toMatchObject([
      { name: 'logits', dtype: 'float32', shape: [1, 10] },
    ]);
  });

  it('is refused with another number of classes, or one that is not finite', () => {
    expect(() => read('float32', [1, 2], within(Float32Array.from([1, 2]).buffer))).toThrow(
      'gave y float32[1, 2] for 10 labels',
    );
    const nan = within(Float32Array.from(numbers.with(2, NaN)).buffer);
    expect(() => read('float32', [1, 10], nan)).toThrow('not finite');
  });
});
