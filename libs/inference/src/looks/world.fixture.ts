import { seededRandom } from '@weir/base';
import type { Answers } from './estimate-curves.ts';

/**
 * Two variants whose gain is known. Margins m are uniform; the first is right with probability 0.4 + 0.6 m, the second with
 * 0.8: a second look gains 0.4 − 0.6 m, so that all below m gain 0.4 m − 0.3 m², the most at 2/3.
 */
export function twoVariants(pictures: number, seed: number): readonly [Answers, Answers] {
  const random = seededRandom(seed);
  const margins = Array.from({ length: pictures }, () => random.uniform());
  const small = margins.map((margin) => random.uniform() < 0.4 + 0.6 * margin);
  return [
    answersOf('small', margins, small),
    answersOf(
      'large',
      margins.map(() => random.uniform()),
      margins.map(() => random.uniform() < 0.8),
    ),
  ];
}

/** The true class is 0; every wrong answer is 1, so that both are wrong in the same way. */
export const answersOf = (name: string, margins: readonly number[], right: readonly boolean[]): Answers => ({
  name,
  margins,
  classes: right.map((isRight) => (isRight ? 0 : 1)),
  right,
});

/** Answers differ where exactly one is right: with probability 0.2 p + 0.8 (1 − p), where p = 0.4 + 0.6 m. */
export const trueChanged = (marginBelow: number) => {
  const m = Math.min(1, marginBelow);
  return 0.56 * m - 0.18 * m * m;
};

export const trueGain = (marginBelow: number) => {
  const m = Math.min(1, marginBelow);
  return 0.4 * m - 0.3 * m * m;
};
