import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { summariseOnnx } from './onnx-file.ts';

const FIXTURE = fileURLToPath(new URL('../../fixtures/colours-nhwc-uint8.onnx', import.meta.url));

describe('summariseOnnx', () => {
  it('reads the operator set and counts the parameters', async () => {
    expect(summariseOnnx(await readFile(FIXTURE))).toEqual({ opset: 13, parameters: 9 });
  });

  it('ends on any bytes, with a summary or a RangeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          summariseOnnx(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
