import { describe, expect, it } from 'vitest';
import { didYouMean } from './did-you-mean.ts';

const known = ['WEIR_MAX_CELLS', 'WEIR_LISTEN', 'WEIR_ACCURACY_FLOOR'];

describe('didYouMean', () => {
  it.each([
    ['WEIR_MAX_CELL', 'WEIR_MAX_CELLS'],
    ['WEIR_LISTNE', 'WEIR_LISTEN'],
    ['WEIR_ACURRACY_FLOOR', 'WEIR_ACCURACY_FLOOR'],
    ['WEIR_accuracy_FLOOR', undefined],
    ['WEIR_JAEGER', undefined],
    ['', undefined],
    ['W'.repeat(100_000), undefined],
  ])('takes %s for %s', (name, meant) => {
    expect(didYouMean(name, known)).toBe(meant);
  });
});
