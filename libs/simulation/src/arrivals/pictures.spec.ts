import { seededRandom } from '@weir/base';
import type { LookCurves } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { type Picture, pictureModel, shortfall } from './pictures.ts';

const variants = [
  { name: 'small', macs: 1e6, precision: 'int8' as const, accuracy: 0.8 },
  { name: 'middle', macs: 2e6, precision: 'int8' as const, accuracy: 0.85 },
  { name: 'large', macs: 9e6, precision: 'fp32' as const, accuracy: 0.87 },
];
const step = (marginBelow: number, share: number, gain: number) => ({
  marginBelow,
  share,
  gain,
  standardError: 0.001,
});
const looks: LookCurves = {
  version: 'v1',
  pictures: 20_000,
  curves: [
    {
      first: 'small',
      second: 'large',
      steps: [step(0.2, 0.1, 0.03), step(0.7, 0.5, 0.07), step(2, 1, 0.075)],
    },
    { first: 'small', second: 'middle', steps: [step(0.4, 0.25, 0.04), step(0.7, 0.5, 0.05)] },
  ],
};
const model = pictureModel(variants, looks);

const random = seededRandom(1);
const pictures = Array.from({ length: 40_000 }, (): Picture => ({
  certainty: random.uniform(),
  difficulty: random.uniform(),
}));
const shareOf = (holds: (picture: Picture) => boolean) => pictures.filter(holds).length / pictures.length;

describe('pictures', () => {
  it('have margins below the threshold of a step exactly when they are among its share, for every curve', () => {
    for (const { first, steps } of looks.curves)
      for (const { marginBelow, share } of steps) {
        const among = (picture: Picture) => picture.certainty < share;
        const below = (picture: Picture) => model.margin(first, picture) < marginBelow;
        expect(pictures.filter((picture) => among(picture) !== below(picture))).toEqual([]);
      }
  });

  it('are answered right as often as variants and curves say, at every step', () => {
    for (const { name, accuracy } of variants)
      expect(shareOf((picture) => model.right(picture, name))).toBeCloseTo(accuracy, 2);
    for (const { first, second, steps } of looks.curves)
      for (const { share, gain } of steps) {
        const right = (picture: Picture) =>
          model.right(picture, first, picture.certainty < share ? second : undefined);
        const { accuracy } = variants.find(({ name }) => name === first)!;
        expect(shareOf(right)).toBeCloseTo(accuracy + gain, 2);
      }
  });

  it('are answered right by every second look that is, where the first was right', () => {
    expect(
      pictures.some((picture) => model.right(picture, 'small') && !model.right(picture, 'small', 'large')),
    ).toBe(false);
  });

  it('need no curves', () => {
    const plain = pictureModel(variants, undefined);
    expect(shareOf((picture) => plain.right(picture, 'small'))).toBeCloseTo(0.8, 2);
    expect(plain.margin('small', pictures[0]!)).toBe(0.5);
  });
});

describe('the shortfall of a second look that came to nothing', () => {
  const placement = { tier: 'device' as const, nodeId: 'd', variant: 'small' };

  it('is what second looks of its step gain on average', () => {
    const lookAgain = { variant: 'large', marginBelow: 0.7 };
    expect(shortfall(looks, { placement, lookAgain })).toBeCloseTo(0.07 / 0.5, 12);
  });

  it('is none where none was meant', () => {
    expect(shortfall(looks, { placement, lookAgain: undefined })).toBe(0);
    expect(shortfall(undefined, { placement, lookAgain: undefined })).toBe(0);
  });
});
