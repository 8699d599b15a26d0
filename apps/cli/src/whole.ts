import { z } from 'zod';

/** A flag that takes a whole number in that range. */
export const whole = (least: number, most: number) =>
  z
    .number('expected a number')
    .int('expected a whole number')
    .min(least, `must be >= ${least}`)
    .max(most, `must be <= ${most}`);
