import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinElements, splitElements } from './bytes-elements.ts';

describe('elements of BYTES', () => {
  it('come out as they went in, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (elements) => {
        const joined = new Uint8Array(joinElements(elements));
        expect(splitElements(joined, elements.length)).toEqual(elements);
      }),
    );
  });

  it('are none where a length is cut short, points beyond the end, or there are too many', () => {
    expect(splitElements(Uint8Array.of(1, 0, 0), 9)).toBeUndefined();
    expect(splitElements(Uint8Array.of(2, 0, 0, 0, 7), 9)).toBeUndefined();
    expect(splitElements(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), 1)).toBeUndefined();
  });
});
