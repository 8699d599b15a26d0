import type { Random } from '@weir/base';

export const arrivalKinds = ['poisson', 'periodic', 'synchronised'] as const;

/** How frames come: at random, evenly with a phase of each device's own, or evenly and all devices at once. */
export type Arrivals = (typeof arrivalKinds)[number];

/** Times of one device's frames, ms, without end. `meanGapMs` > 0. */
export function* arrivalTimes(arrivals: Arrivals, meanGapMs: number, random: Random): Generator<number> {
  if (arrivals === 'poisson')
    for (let at = random.exponential(meanGapMs); ; at += random.exponential(meanGapMs)) yield at;
  const phase = arrivals === 'synchronised' ? 1 : random.uniform();
  for (let frame = 0; ; frame++) yield (phase + frame) * meanGapMs;
}
