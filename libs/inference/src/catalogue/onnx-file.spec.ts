import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readOnnx } from './onnx-file.ts';
import { tailOf } from './onnx-tail.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}.onnx`, import.meta.url));

describe('readOnnx', () => {
  it('reads the operator set and counts the parameters', async () => {
    expect(readOnnx(await readFile(fixture('colours-nhwc-uint8')))).toMatchObject({
      opset: 13,
      parameters: 9,
      externalData: [],
    });
  });

  it('names the files that hold weights', async () => {
    expect(readOnnx(await readFile(fixture('external-data'))).externalData).toEqual(['weights.bin']);
  });
});

describe('tailOf', () => {
  it.each([
    [
      'quantised-softmax',
      { softmax: true, quantisation: { scale: expect.closeTo(1 / 255, 6) as number, zeroPoint: 0 } },
    ],
    // A negative int32, as protobuf writes it.
    [
      'quantised-logits',
      { softmax: false, quantisation: { scale: expect.closeTo(0.1, 6) as number, zeroPoint: -3 } },
    ],
    ['colours-nchw-normalised', { softmax: true, quantisation: undefined }],
    ['half-floats', { softmax: false, quantisation: undefined }],
  ])('knows how %s ends', async (name, tail) => {
    expect(tailOf(readOnnx(await readFile(fixture(name))).graph, 'answer')).toEqual(tail);
  });

  it('ends in a graph that goes in a circle', () => {
    const node = { operator: 'Identity', inputs: ['a'], outputs: ['a'], tensors: [], graphs: [] };
    expect(tailOf({ nodes: [node], initialisers: [] }, 'a')).toMatchObject({ softmax: false });
  });
});

describe('readOnnx, of anything', () => {
  it('ends on any bytes, with a summary or a RangeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readOnnx(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
