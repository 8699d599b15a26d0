import { seededRandom } from '@weir/base';
import type { Answers } from './estimate-curves.ts';

/**
 * Two variants whose gain is known. Margins m are uniform; the first is right with probability 0.4 + 0.6 m, the second with
 * 0.8: a second look gains 0.4 − 0.6 m, so that all below m gain 0.4 m − 0.3 m², the most at 2/3.
 */
export function twoVariants(pictures: number, seed: number): readonly [Answers, Answers] {
  const random = seededRandom(seed);
  const margins = Array.from({ length: pictures }, () => random.uniform());
  return [
    { name: 'small', margins, right: margins.map((margin) => random.uniform() < 0.4 + 0.6 * margin) },
    {
      name: 'large',
      margins: margins.map(() => random.uniform()),
      right: margins.map(() => random.uniform() < 0.8),
    },
  ];
}

export const trueGain = (marginBelow: number) => {
  const m = Math.min(1, marginBelow);
  return 0.4 * m - 0.3 * m * m;
};
