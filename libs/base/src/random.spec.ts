import { describe, expect, it } from 'vitest';
import { seededRandom } from './random.ts';
import { mean } from './statistics.ts';

const draw = (count: number, next: () => number) => Array.from({ length: count }, next);

describe('seededRandom', () => {
  it('replays from its seed and differs between seeds', () => {
    const [a, b, c] = [seededRandom(1), seededRandom(1), seededRandom(2)];
    const first = draw(50, a.uniform);
    expect(draw(50, b.uniform)).toEqual(first);
    expect(draw(50, c.uniform)).not.toEqual(first);
  });

  it('has the moments of its distributions', () => {
    const random = seededRandom(3);
    expect(mean(draw(50_000, random.uniform))).toBeCloseTo(0.5, 1);
    const normals = draw(50_000, random.normal);
    expect(mean(normals)).toBeCloseTo(0, 1);
    expect(mean(normals.map((x) => x * x))).toBeCloseTo(1, 1);
    expect(Math.abs(mean(draw(50_000, () => random.exponential(4))) - 4)).toBeLessThan(0.1);
  });

  it('forks into independent, reproducible generators', () => {
    expect(draw(5, seededRandom(1).fork('a').uniform)).toEqual(draw(5, seededRandom(1).fork('a').uniform));
    expect(draw(5, seededRandom(1).fork('a').uniform)).not.toEqual(
      draw(5, seededRandom(1).fork('b').uniform),
    );
  });
});
