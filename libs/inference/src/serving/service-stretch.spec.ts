import { expect, it } from 'vitest';
import { ServiceStretch } from './service-stretch.ts';

const after = (heldMs: readonly number[]) => {
  const stretch = new ServiceStretch();
  for (const held of heldMs) stretch.observe({ expectedMs: 10, heldMs: held });
  return stretch;
};

it('is none while jobs take what was expected, or less', () => {
  expect(after([10, 10, 5, 8])).toMatchObject({ mean: 1, high: 1 });
});

it('follows what slots are held for', () => {
  const stretch = after(Array<number>(100).fill(15));
  expect(stretch.mean).toBeCloseTo(1.5, 3);
  expect(stretch.high).toBeCloseTo(1.5, 2);
});

it('adds to the careful estimate what varies', () => {
  const { mean, high } = after(Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? 10 : 20)));
  expect(mean).toBeGreaterThan(1.4);
  expect(high).toBeGreaterThan(mean + 0.3);
});

it('learns little from one stuck job, and nothing from one that was expected to take no time', () => {
  expect(after([1e6]).mean).toBeLessThan(1.4);
  const stretch = new ServiceStretch();
  stretch.observe({ expectedMs: 0, heldMs: 5 });
  expect(stretch.high).toBe(1);
});
