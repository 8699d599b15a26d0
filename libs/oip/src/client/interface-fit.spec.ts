import type { TensorSpec } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { fitInterface } from './interface-fit.ts';

const float = (name: string, shape: number[]): TensorSpec => ({ name, dtype: 'float32', shape });
const told = (name: string, datatype: string, shape: number[]) => ({
  name,
  datatype,
  shape: shape.map(BigInt),
});

describe('a classifier', () => {
  const expected = { inputs: [float('scene', [-1, 3, 64, 64])], outputs: [float('logits', [-1, 10])] };
  const fit = (inputs: unknown[], outputs: unknown[], wholeNumbers = false) =>
    fitInterface(expected, { inputs, outputs } as never, { classifier: true, wholeNumbers });
  const scene = told('scene', 'FP32', [-1, 3, 64, 64]);
  const logits = told('logits', 'FP32', [-1, 10]);

  it('fits by its own names, and by others where there is one tensor', () => {
    expect(fit([scene], [logits])).toEqual({ inputs: ['scene'], outputs: ['logits'] });
    expect(fit([told('x', 'FP32', [1, 3, 64, 64])], [told('y', 'FP32', [10])])).toEqual({
      inputs: ['x'],
      outputs: ['y'],
    });
  });

  it('fits among other outputs, by its name', () => {
    const other = told('features', 'FP32', [-1, 512]);
    expect(fit([scene], [other, logits])).toEqual({ inputs: ['scene'], outputs: ['logits'] });
    expect(fit([scene], [other, told('y', 'FP32', [-1, 10])])).toMatchObject({
      misfit: expect.stringContaining('and not logits FP32[-1,10]') as string,
    });
  });

  it('fits where its server leaves out the batch, or tells nothing', () => {
    expect(fit([told('scene', 'FP32', [3, 64, 64])], [logits])).toEqual({
      inputs: ['scene'],
      outputs: ['logits'],
    });
    expect(fit([], [])).toEqual({ inputs: ['scene'], outputs: undefined });
  });

  it.each([
    ['a side length', [told('scene', 'FP32', [-1, 3, 224, 224])], [logits], 'scene FP32[-1,3,224,224]'],
    ['channels last', [told('scene', 'FP32', [-1, 64, 64, 3])], [logits], 'scene FP32[-1,64,64,3]'],
    ['bytes', [told('scene', 'UINT8', [-1, 3, 64, 64])], [logits], 'scene UINT8[-1,3,64,64]'],
    ['a second input', [scene, told('mask', 'FP32', [1])], [logits], 'mask FP32[1], and not scene'],
    ['other classes', [scene], [told('logits', 'FP32', [-1, 1000])], 'gives logits FP32[-1,1000]'],
    ['whole numbers', [scene], [told('logits', 'INT8', [-1, 10])], 'gives logits INT8[-1,10]'],
    ['text', [scene], [told('logits', 'BYTES', [-1, 10])], 'gives logits BYTES[-1,10]'],
  ])('is told from another by %s', (_what, inputs, outputs, named) => {
    expect(fit(inputs, outputs)).toMatchObject({ misfit: expect.stringContaining(named) as string });
  });

  it('may give whole numbers where it is known what they stand for', () => {
    expect(fit([scene], [told('logits', 'INT8', [-1, 10])], true)).toMatchObject({ outputs: ['logits'] });
  });
});

describe('a model of tensors', () => {
  const expected = {
    inputs: [float('images', [-1, 3, -1, -1]), float('threshold', [1])],
    outputs: [float('boxes', [-1, 4])],
  };
  const images = told('images', 'FP32', [1, 3, 640, 640]);
  const threshold = told('threshold', 'FP32', [1]);
  const fit = (inputs: unknown[], outputs: unknown[]) =>
    fitInterface(expected, { inputs, outputs } as never, { classifier: false });

  it('fits by its names, in any order', () => {
    expect(fit([threshold, images], [told('boxes', 'FP32', [-1, 4])])).toEqual({
      inputs: ['images', 'threshold'],
      outputs: ['boxes'],
    });
  });

  it('is another with other names, or more of them', () => {
    const boxes = [told('boxes', 'FP32', [-1, 4])];
    expect(fit([images], boxes)).toMatchObject({
      misfit: 'takes images FP32[1,3,640,640], and not threshold FP32[1]',
    });
    expect(fit([images, threshold, told('mask', 'FP32', [1])], boxes)).toHaveProperty('misfit');
    expect(fit([images, threshold], [told('boxes', 'FP32', [-1, 5])])).toMatchObject({
      misfit: 'gives boxes FP32[-1,5], and not boxes FP32[-1,4]',
    });
  });
});
