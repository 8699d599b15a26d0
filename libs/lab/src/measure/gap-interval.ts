import { type Interval, type Random, bootstrap } from '@weir/base';
import { blockSizes } from './contest.ts';

/** Mean response of each measured epoch, ms, in order; undefined where the epoch was left out. */
export type MeasuredEpochs = readonly (number | undefined)[];

export interface GapIntervalOptions {
  /** In which the epochs were run, as in the contest. */
  readonly blocks: number;
  readonly random: Random;
}

/**
 * 95 % interval of how far the mean of `mine` is above that of `theirs`, in per cent of the latter. The percentile
 * bootstrap over epochs: drawn in pairs, as the i-th epochs of both were shown the same pictures, and within each block,
 * as both ran in each. So it tells how well these epochs pin the gap down in this run; another run may differ by more.
 * Null with fewer than two epochs of either. Source: Rao & Wu 1988, "Resampling inference with complex survey data".
 */
export function gapInterval(
  mine: MeasuredEpochs,
  theirs: MeasuredEpochs,
  { blocks, random }: GapIntervalOptions,
): Interval | null {
  if (Math.min(counted(mine), counted(theirs)) < 2) return null;
  const sizes = blockSizes(mine.length, blocks);
  const draw = () => {
    const [my, their] = [emptyMean(), emptyMean()];
    let first = 0;
    for (const size of sizes) {
      // One less than there are: as many would make the interval too narrow, the more so the smaller the block.
      for (let drawn = 0; drawn < Math.max(1, size - 1); drawn++) {
        const at = first + random.integer(size);
        my.add(mine[at]);
        their.add(theirs[at]);
      }
      first += size;
    }
    // Where many epochs were left out, a draw may have met none.
    return 100 * (my.mean() / their.mean() - 1);
  };
  return bootstrap(draw);
}

const counted = (epochs: MeasuredEpochs): number => epochs.filter((ms) => ms !== undefined).length;

function emptyMean() {
  let sum = 0;
  let count = 0;
  return {
    add(value: number | undefined) {
      if (value === undefined) return;
      sum += value;
      count++;
    },
    mean: () => sum / count,
  };
}
