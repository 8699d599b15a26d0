import { mean, seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Likeness } from './likeness.ts';

/** Margins of `subjects`, each seen in `frames` frames that differ by `noise` times as much as subjects do. */
function video({
  seed,
  subjects,
  frames,
  noise,
}: {
  seed: number;
  subjects: number;
  frames: number;
  noise: number;
}) {
  const random = seededRandom(seed);
  return Array.from({ length: subjects }, () => random.normal()).flatMap((subject) =>
    Array.from({ length: frames }, () => subject + noise * random.normal()),
  );
}

const together = (...each: readonly Likeness[]) =>
  Likeness.together(
    each.map((likeness) => [likeness, 1] as const),
    (likeness) => likeness,
  ).looksPerSubject;
const of = (margins: readonly number[], likeness = new Likeness()) => {
  for (const margin of margins) likeness.add(margin);
  return together(likeness);
};

const seeds = Array.from({ length: 100 }, (_, seed) => seed);

describe('Likeness', () => {
  it('is none of pictures that have nothing to do with each other', () => {
    const found = seeds.map((seed) => of(video({ seed, subjects: 1_500, frames: 1, noise: 0 })));
    expect(found.filter((looks) => looks > 1).length).toBeLessThanOrEqual(3);
  });

  it.each([
    { frames: 5, noise: 0.1, looks: 5 },
    { frames: 30, noise: 0.1, looks: 30 },
    // Half of what margins differ by lies in the frame: 1 + (30 − 1) / 2.
    { frames: 30, noise: 1, looks: 15.5 },
  ])('is found: $frames frames of a subject, noise $noise', ({ frames, noise, looks }) => {
    const found = mean(seeds.map((seed) => of(video({ seed, subjects: 1_500 / frames, frames, noise }))));
    expect(found / looks).toBeGreaterThan(0.5);
    expect(found / looks).toBeLessThan(1.5);
  });

  it('is none of a drift', () => {
    const found = seeds.map((seed) => {
      const before = video({ seed, subjects: 700, frames: 1, noise: 0 });
      const after = video({ seed: seed + 1_000, subjects: 700, frames: 1, noise: 0 });
      return of([...before, ...after.map((margin) => margin + 0.5)]);
    });
    expect(found.filter((looks) => looks > 1).length).toBeLessThanOrEqual(5);
  });

  it('compares frames of one device', () => {
    const [a, b] = [1, 2].map((seed) => video({ seed, subjects: 50, frames: 30, noise: 0.1 })) as [
      number[],
      number[],
    ];
    const [one, other] = [new Likeness(), new Likeness()];
    of(a, one);
    of(b, other);
    expect(together(one, other)).toBeGreaterThan(15);
    expect(of(a.flatMap((margin, at) => [margin, b[at]!]))).toBeLessThan(15);
  });

  it('counts what a device has by the share of it that counts', () => {
    const [alike, other] = [new Likeness(), new Likeness()];
    of(video({ seed: 1, subjects: 50, frames: 30, noise: 0.1 }), alike);
    of(video({ seed: 2, subjects: 1_500, frames: 1, noise: 0 }), other);
    const looks = [0, 1].map((share) =>
      Likeness.together(
        [
          [alike, share],
          [other, 1],
        ],
        (likeness) => likeness,
      ),
    );
    expect(looks.map(({ count }) => count)).toEqual([1_500, 3_000]);
    expect(looks[0]!.looksPerSubject).toBe(1);
    expect(looks[1]!.looksPerSubject).toBeGreaterThan(5);
  });

  it('takes the same picture again for no other', () => {
    const margins = video({ seed: 1, subjects: 1_500, frames: 1, noise: 0 });
    expect(of(margins.flatMap((margin) => [margin, margin, margin]))).toBe(1);
  });

  it('fades', () => {
    const likeness = new Likeness();
    expect(of(video({ seed: 1, subjects: 50, frames: 30, noise: 0.1 }), likeness)).toBeGreaterThan(15);
    for (const margin of video({ seed: 2, subjects: 1_500, frames: 1, noise: 0 })) {
      likeness.fade(0.99);
      likeness.add(margin);
    }
    expect(together(likeness)).toBe(1);
  });

  it('is none at first', () => {
    expect(of([])).toBe(1);
    expect(of([0.5])).toBe(1);
    expect(of([0.5, 0.5, 0.5])).toBe(1);
  });
});
