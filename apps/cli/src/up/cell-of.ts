import { ConfigError } from '@weir/base';
import { type CellDescription, exampleCell } from '@weir/cell';
import { mostLooks } from '@weir/domain';
import { expectedAccuracy, type Family } from '@weir/inference';
import { z } from 'zod';

export interface CellFlags {
  readonly devices: number;
  readonly learner: string;
  readonly floor?: number | undefined;
  readonly looks?: number | undefined;
  readonly audits?: number | undefined;
  readonly profile: 'regular' | 'weak';
  readonly models?: string | undefined;
  readonly seed: number;
  readonly port?: number | undefined;
}

/** The cell that the flags describe. */
export function cellOf(flags: CellFlags, family: Family): CellDescription {
  const { devices, learner, profile, seed, models, port } = flags;
  const cell = exampleCell({
    devices,
    learner,
    profile,
    seed,
    firstPort: port,
    accuracyFloor: flags.floor ?? defaultFloor(family),
    maxLooks: flags.looks,
    auditShare: flags.audits,
  });
  return models === undefined ? cell : { ...cell, models };
}

/** Looks that a frame may get, of the commands that bring up a cell. */
export const looksFlag = z
  .number('expected 1 or 2')
  .int('expected 1 or 2')
  .min(1, 'expected 1 or 2')
  .max(mostLooks, 'expected 1 or 2')
  .default(mostLooks)
  .describe(
    'Looks a frame may get. 2: a small variant answers, and the frames that it is unsure of go to a better one as well, which gives its accuracy at a fraction of its time. 1: each answer is final.',
  );

/** Throws ConfigError for a floor that no variant of the family reaches. `field`: what sets it. */
export function checkFloor(
  command: string,
  floor: number | undefined,
  { variants }: Pick<Family, 'variants'>,
  field = '--floor',
): void {
  const most = Math.max(...variants.map(expectedAccuracy));
  if (floor !== undefined && floor > most)
    throw new ConfigError(command, [
      { field, description: `${floor} exceeds the accuracy of the best variant, ${most}` },
    ]);
}

/** High enough that the smallest variant does not suffice, low enough that the best one is not always needed. */
export function defaultFloor({ variants }: Pick<Family, 'variants'>): number {
  const accuracies = variants.map(expectedAccuracy);
  const [least, most] = [Math.min(...accuracies), Math.max(...accuracies)];
  return Math.floor((least + 0.7 * (most - least)) * 1_000) / 1_000;
}
