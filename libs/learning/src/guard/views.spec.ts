import { describe, expect, it } from 'vitest';
import { heardInFull, Views } from './views.ts';

interface Told {
  readonly id: string;
  readonly weight: number;
  readonly loud: number;
}

const views = (told: Record<string, readonly [weight: number, loud: number]>) =>
  new Views(new Map(Object.entries(told).map(([id, [weight, loud]]) => [id, { id, weight, loud }])), {
    weight: ({ weight }: Told) => weight,
    loudness: ({ loud }: Told) => loud,
  });
const heard = (of: Views<Told>, deviceId?: string) =>
  Object.fromEntries(of.heardBy(deviceId).parts.map(([{ id }, factor]) => [id, factor]));

describe('what a device hears of others', () => {
  const three = views({ a: [10, 1], b: [10, 5], c: [10, 2] });

  it('is not the loudest, and for the loudest itself not the second', () => {
    expect(heard(three)).toEqual({ a: 1, c: 1 });
    expect(heard(three, 'a')).toEqual({ a: 1, c: 1 });
    expect(heard(three, 'b')).toEqual({ a: 1, b: 1 });
    expect(three.special).toEqual(['b']);
  });

  it('is everything that is below what was expected', () => {
    const quiet = views({ a: [10, -1], b: [10, -5], c: [10, 0] });
    expect(heard(quiet)).toEqual({ a: 1, b: 1, c: 1 });
    expect(quiet.heardBy().lowered).toBe(0);
    expect(three.heardBy().lowered).toBeGreaterThan(0);
  });

  it('is its own word in full, and nothing of a single other', () => {
    expect(heard(views({ a: [10, 5] }), 'a')).toEqual({ a: 1 });
    expect(heard(views({ a: [10, 5] }), 'b')).toEqual({});
    expect(heard(views({ a: [10, 5], b: [1, 9] }), 'a')).toEqual({ a: 1 });
    expect(heard(views({ a: [10, 5], b: [1, 9] }), 'b')).toEqual({ b: 1 });
  });

  it('is of one that says more than all others together as much as they say', () => {
    const drowned = views({ a: [10, 1], flood: [1_000, -50], c: [30, 0] });
    expect(heard(drowned)).toEqual({ flood: expect.closeTo(0.04) as number, c: 1 });
    expect(heard(drowned, 'c')).toEqual({ flood: expect.closeTo(0.04) as number, c: 1 });
    expect(heard(drowned, 'flood')).toEqual({ flood: 1, c: 1 });
    expect(drowned.special).toEqual(['a', 'flood']);
  });

  it('leaves nothing out of what is said in all', () => {
    const told = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    expect(heardInFull(told)).toEqual({
      parts: [
        [1, 1],
        [2, 1],
      ],
      lowered: 0,
    });
  });
});
