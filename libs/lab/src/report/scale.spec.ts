import { describe, expect, it } from 'vitest';
import { exactScale, linearScale, logarithmicScale, symmetricLogScale } from './scale.ts';

const range = [0, 100] as const;

describe('linearScale', () => {
  it('ends at a round tick', () => {
    const { at, ticks, to } = linearScale({ from: 0, to: 830, range });
    expect(ticks).toEqual([0, 200, 400, 600, 800, 1_000]);
    expect(to).toBe(1_000);
    expect(at(500)).toBe(50);
  });

  it('puts what lies outside on the edge', () => {
    const { at } = linearScale({ from: 0, to: 10, range });
    expect([at(-5), at(20)]).toEqual([0, 100]);
  });

  it('bears that there is nothing to show', () => {
    for (const to of [0, NaN, -Infinity]) expect(linearScale({ from: 0, to, range }).to).toBe(1);
  });
});

describe('exactScale', () => {
  it('ends at the last value, with the ticks below it', () => {
    const { at, ticks } = exactScale({ from: 0, to: 240, range });
    expect(ticks).toEqual([0, 50, 100, 150, 200]);
    expect(at(240)).toBe(100);
  });
});

describe('logarithmicScale', () => {
  it('gives each factor the same length', () => {
    const { at, ticks } = logarithmicScale({ from: 1, to: 100, range });
    expect(at(10)).toBeCloseTo(50);
    expect(ticks).toEqual([1, 2, 5, 10, 20, 50, 100]);
  });

  it('marks only decades where there are many', () => {
    expect(logarithmicScale({ from: 1, to: 10_000, range }).ticks).toEqual([1, 10, 100, 1_000, 10_000]);
  });
});

describe('symmetricLogScale', () => {
  it('shows nothing, little and much, and what is below nothing', () => {
    const { at, ticks } = symmetricLogScale({ from: -20, to: 500, range, knee: 5 });
    expect(ticks).toEqual([-20, -5, 0, 5, 20, 50, 100, 200, 500]);
    const places = ticks.map(at);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect([places[0], places.at(-1)]).toEqual([0, 100]);
  });
});
