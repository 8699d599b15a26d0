import { Internal } from '@weir/base';
import { inference } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { contents, floats, text, whole } from '../oip.fixture.ts';
import { inferRequestOf } from './infer-request.ts';
import { figureOf, outputsOf } from './infer-response.ts';

const output = (fields: Partial<inference.ModelInferResponse_InferOutputTensor> = {}) => ({
  name: 'logits',
  datatype: 'FP32',
  shape: [1n, 2n],
  parameters: {},
  contents: undefined,
  ...fields,
});
const response = (fields: Partial<inference.ModelInferResponse>) =>
  inference.ModelInferResponse.create({ modelName: 'small', outputs: [output()], ...fields });

describe("a server's outputs", () => {
  it('come raw or typed, and are the same', () => {
    const expected = [{ name: 'logits', dtype: 'float32', shape: [1, 2], data: floats(1, -2) }];
    expect(outputsOf(response({ rawOutputContents: [floats(1, -2)] }))).toEqual(expected);
    const typed = outputsOf(
      response({ outputs: [output({ contents: contents({ fp32Contents: [1, -2] }) })] }),
    );
    expect(typed.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data) }))).toEqual(expected);
  });

  it.each<[string, Partial<inference.ModelInferResponse>, string]>([
    ['none', { outputs: [] }, 'no output'],
    ['without contents', {}, "output 'logits' that is none: it has no contents"],
    [
      'another number of raw contents',
      { rawOutputContents: [floats(1), floats(2)] },
      '2 raw contents for 1 outputs',
    ],
    ['fewer bytes than its shape says', { rawOutputContents: [floats(1)] }, 'expected 8 bytes'],
    ['a type that Weir has not', { outputs: [output({ datatype: 'BF16' })] }, "its type is 'BF16'"],
    ['a negative dimension', { outputs: [output({ shape: [-1n, 2n] })] }, 'its shape is [-1,2]'],
    ['more than a message holds', { outputs: [output({ shape: [2n ** 60n] })] }, 'its shape is'],
    ['a name without end', { outputs: [output({ name: 'x'.repeat(257) })] }, 'name has 257 characters'],
  ])('are refused: %s', (_what, fields, message) => {
    const read = () => outputsOf(response(fields));
    expect(read).toThrow(Internal);
    expect(read).toThrow(`model 'small' answered with`);
    expect(read).toThrow(message);
  });

  it('have figures beside them, as text or as numbers', () => {
    const parameters = { a: text('1.5'), b: whole(7), c: text('-1'), d: text('soon'), e: text('1e999') };
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => figureOf(parameters, name))).toEqual([
      1.5,
      7,
      ...Array<undefined>(4),
    ]);
  });
});

it('a request carries its tensors raw, under the names of the server', () => {
  const tensors = [{ name: 'x', dtype: 'float32', shape: [1, 2], data: floats(1, 2) } as const];
  expect(inferRequestOf({ name: 'small', version: '3' }, { id: '7', tensors, outputs: ['y'] })).toEqual({
    modelName: 'small',
    modelVersion: '3',
    id: '7',
    parameters: {},
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 2n], parameters: {}, contents: undefined }],
    outputs: [{ name: 'y', parameters: {} }],
    rawInputContents: [floats(1, 2)],
  });
});
