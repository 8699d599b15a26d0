import { describe, expect, it } from 'vitest';
import { leastPrice } from './least-price.ts';

describe('leastPrice', () => {
  it('is just enough', () => {
    const price = leastPrice((priceMs) => priceMs >= 1_234)!;
    expect(price).toBeGreaterThanOrEqual(1_234);
    expect(price).toBeLessThan(1_234 * 1.01);
  });

  it('is none where no price is enough', () => {
    expect(leastPrice(() => false)).toBeUndefined();
  });
});
