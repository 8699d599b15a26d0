import type { Random } from '@weir/base';

export const arrivalKinds = ['poisson', 'periodic', 'synchronised'] as const;

/** How frames arrive: at random, evenly with a phase per device, or evenly and all devices at once. */
export type Arrivals = (typeof arrivalKinds)[number];

/** Arrival times of one device's frames, ms, endless. `meanGapMs` > 0. */
export function* arrivalTimes(arrivals: Arrivals, meanGapMs: number, random: Random): Generator<number> {
  if (arrivals === 'poisson')
    for (let at = random.exponential(meanGapMs); ; at += random.exponential(meanGapMs)) yield at;
  const phase = arrivals === 'synchronised' ? 1 : random.uniform();
  for (let frame = 0; ; frame++) yield (phase + frame) * meanGapMs;
}
