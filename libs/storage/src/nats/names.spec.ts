import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idOf, tokenOf } from './names.ts';

describe('tokenOf', () => {
  it('makes a token of any id, from which the id comes back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (id) => {
        expect(tokenOf(id)).toMatch(/^[\w=-]+$/);
        expect(idOf(tokenOf(id))).toBe(id);
      }),
    );
  });

  it('leaves plain ids readable, and tells apart what looks alike', () => {
    expect(tokenOf('cell-1_b')).toBe('cell-1_b');
    expect(tokenOf('a.b')).not.toBe(tokenOf('a=2eb'));
    expect(tokenOf('*')).not.toBe('*');
  });
});
