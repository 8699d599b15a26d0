import { mutantsOf } from '../mutant.ts';

export const base = mutantsOf('libs/base/src', [
  {
    title: 'the bound holds for one look at it only',
    file: 'running-mean.ts',
    find: '{ count, sum, variation }: RunningMean, level = boundLevel): number {',
    replace:
      '{ count, sum, variation }: RunningMean, level = boundLevel): number {\n  if (count > 0) return Math.max(0, sum / count - 1.645 * Math.sqrt(variation) / count);',
  },
  {
    title: 'the bets are free',
    file: 'running-mean.ts',
    find: '-Math.log1p(-stake) - stake',
    replace: '0',
  },
  {
    title: 'all bets have the whole capital',
    file: 'running-mean.ts',
    find: 'logLimit + Math.log(bets.length)',
    replace: 'logLimit',
  },
  {
    title: 'an observation is foreseen by itself',
    file: 'running-mean.ts',
    find: '(0.5 + sum) / (count + 1)',
    replace: '(sum + value) / (count + 1)',
  },
  {
    title: 'the bound never comes closer',
    file: 'running-mean.ts',
    find: '(weight * (value - foreseen)) ** 2',
    replace: '1',
  },
  {
    title: 'one bet for all numbers of observations',
    file: 'running-mean.ts',
    find: 'Array.from({ length: 10 }',
    replace: 'Array.from({ length: 1 }',
  },
]);
