import Table from 'cli-table3';
import type { CurvesCheck } from '@weir/inference';
import { percent } from './words.ts';

/** What second looks buy, as the family's curves say and as measured, for people. */
export function looksTable({ checks, worstDeviation }: CurvesCheck): string {
  const table = new Table({
    head: [
      'first look',
      'second look',
      'margin below',
      'looked at twice',
      'measured',
      'accuracy',
      'measured',
      'SE off',
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const check of checks)
    table.push([
      check.first,
      check.second,
      check.marginBelow > 1 ? 'all' : check.marginBelow.toFixed(3),
      percent(check.share),
      percent(check.measuredShare),
      percent(check.predictedAccuracy, 2),
      percent(check.measuredAccuracy, 2),
      check.deviation.toFixed(1),
    ]);
  return `${table.toString()}\nsecond looks: ${checks.length} checks, the worst ${worstDeviation.toFixed(1)} standard errors off`;
}
