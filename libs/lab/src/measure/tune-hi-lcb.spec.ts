import { describe, expect, it } from 'vitest';
import type { FamilyAnswers } from './family-answers.ts';
import { table } from './hindsight.fixture.ts';
import { tuneHiLcb } from './tune-hi-lcb.ts';

/** Twenty pictures. `small` is wrong at two of three margins below 0.15, and at one of four below 0.35. */
const margins = Array.from({ length: 20 }, (_, at) => (at + 0.5) / 20);
const answersThat = (areRight: (at: number) => boolean) => {
  const right = margins.map((_, at) => areRight(at));
  return { margins, right, classes: right.map(Number) };
};
const answers: FamilyAnswers = new Map([
  ['small', answersThat((at) => ![0, 2, 4].includes(at))],
  ['large', answersThat((at) => at < 18)],
]);
const tune = (floor: number, frames = 4_000) => tuneHiLcb({ table: table(), answers, floor, frames });

describe('HI-LCB tuned in hindsight', () => {
  it('takes variants and places of the best threshold', () => {
    expect(tune(0.9)).toMatchObject({
      first: 'small',
      second: 'large',
      nodeOf: { a: 'edge-1', b: 'edge-1' },
    });
  });

  it('pays just enough for the second looks that the floor needs', () => {
    // A second look takes 170 ms or somewhat more and helps with two of three: 1.5 times that, less what is explored.
    const { priceMs } = tune(0.9)!;
    expect(priceMs).toBeGreaterThan(170);
    expect(priceMs).toBeLessThan(300);
    expect(tune(0.86)!.priceMs).toBeLessThan(priceMs);
  });

  it('needs a lower price for few frames, most of which the bandit looks at again to explore', () => {
    expect(tune(0.9, 40)!.priceMs).toBeLessThan(tune(0.9)!.priceMs);
  });

  it('says when no price is high enough', () => {
    expect(tune(1.2)).toBeUndefined();
  });
});
