import { describe, expect, it } from 'vitest';
import { asFarAs } from './as-far-as.ts';

const correction = { shortfall: 0.08, firsts: [{ variant: 'small', loss: 3, share: 1.5 }] };

describe('asFarAs', () => {
  it('leaves a correction alone that attains', () => {
    expect(asFarAs(() => true, correction)).toBe(correction);
  });

  it('takes all of it back in the same proportion, as little as is needed', () => {
    expect(asFarAs(({ shortfall }) => shortfall <= 0.02, correction)).toEqual({
      shortfall: expect.closeTo(0.02, 4) as number,
      firsts: [{ variant: 'small', loss: expect.closeTo(1.5, 2) as number, share: 1.5 }],
    });
  });

  it('is none where nothing attains', () => {
    expect(asFarAs(() => false, correction)).toBeUndefined();
  });
});
