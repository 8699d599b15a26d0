import type { Random } from '@weir/base';

/** What is measured of a time over its mean: > 0, 1 on average. */
export type TimeNoise = (of: 'service' | 'network', random: Random) => number;

/** The same for service and network times. */
export const lognormalNoise =
  (sigma: number): TimeNoise =>
  (_of, random) =>
    Math.exp(sigma * random.normal() - (sigma * sigma) / 2);
