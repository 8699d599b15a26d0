import { describe, expect, it } from 'vitest';
import { ReporterMedians } from './reporter-medians.ts';

const medians = (values: Record<string, number>) => {
  const made = new ReporterMedians();
  for (const [reporter, value] of Object.entries(values)) made.set('k', reporter, value);
  return made;
};

describe('medians over reporters', () => {
  it('are the middle one, or the mean of the two in the middle', () => {
    expect(medians({ a: 3, b: 1, c: 2 }).median('k')).toBe(2);
    expect(medians({ a: 3, b: 1 }).median('k')).toBe(2);
    expect(medians({}).median('k')).toBeUndefined();
  });

  it('are moved by a lie no further than the honest ones lie apart', () => {
    expect(medians({ a: 10, b: 12, liar: 1e9 }).median('k')).toBe(12);
  });

  it('keep one value of each reporter, its newest', () => {
    const made = medians({ a: 1, b: 5, c: 6 });
    expect(made.median('k')).toBe(5);
    for (let i = 0; i < 10; i++) made.set('k', 'a', 100);
    expect([made.of('k', 'a'), made.median('k')]).toEqual([100, 6]);
  });

  it('forget who is gone', () => {
    const made = medians({ a: 1, b: 5 });
    expect(made.median('k')).toBe(3);
    made.retain(
      () => true,
      (reporter) => reporter === 'b',
    );
    expect(made.median('k')).toBe(5);
    made.retain(
      () => false,
      () => true,
    );
    expect(made.state()).toEqual([]);
  });
});
