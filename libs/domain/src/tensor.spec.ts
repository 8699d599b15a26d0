import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataFault, decodeStrings, elementBytes, elementTypes, encodeStrings } from './tensor.ts';

const text = fc
  .string({ unit: 'grapheme' })
  .filter((each) => !each.includes('\u0000') && each.isWellFormed());

describe('a tensor', () => {
  it('of strings keeps them, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(text), (strings) => {
        const data = encodeStrings(strings);
        expect(dataFault({ dtype: 'string', shape: [strings.length], data })).toBeUndefined();
        expect(decodeStrings(data)).toEqual(strings);
      }),
    );
  });

  it('of strings whose last one is cut short is told', () => {
    const data = encodeStrings(['one', 'two']).subarray(0, -1);
    expect(dataFault({ dtype: 'string', shape: [2], data })).toMatch(/^string 1 is cut short/);
  });

  it('of strings that is anything else is told, and never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(9), (data, length) => {
        const fault = dataFault({ dtype: 'string', shape: [length], data });
        if (fault === undefined) expect(encodeStrings(decodeStrings(data))).toEqual(data);
      }),
    );
  });

  it('has the bytes of its shape and type', () => {
    for (const dtype of elementTypes.filter((name) => name !== 'string')) {
      const bytes = 6 * elementBytes[dtype];
      expect(dataFault({ dtype, shape: [2, 3], data: new Uint8Array(bytes) })).toBeUndefined();
      expect(dataFault({ dtype, shape: [2, 3], data: new Uint8Array(bytes + 1) })).toContain(
        `expected ${bytes} bytes`,
      );
    }
  });
});
