import { seededRandom } from '@weir/base';
import { type MeasuredEpochs, gapInterval } from '../measure/gap-interval.ts';
import type { LearnerResult, UnitResult } from '../measure/results.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** A result with what an earlier version did not write yet; as it was where nothing is missing. */
export function upToDate(unit: UnitResult, scenario: Scenario): UnitResult {
  if (unit.kind === 'epochs') return { ...unit, learners: withGapIntervals(unit.learners, scenario) };
  if (unit.kind !== 'arrivals') return unit;
  const unwatched = { warmup: null, learning: null };
  return { ...unit, rules: unit.rules.map((rule) => ({ ...unwatched, ...rule })) };
}

/** As `summarise` finds them, from the curves. */
function withGapIntervals(
  learners: readonly LearnerResult[],
  { epochs, seed }: Scenario,
): readonly LearnerResult[] {
  const oracle = learners.find(({ learner }) => learner === 'oracle');
  return learners.map((result) => {
    if (result.gapToOracleIntervalPct !== undefined) return result;
    if (!oracle || !epochs || result === oracle) return { ...result, gapToOracleIntervalPct: null };
    const { measured, blocks } = epochs;
    const random = seededRandom(seed).fork(`gap ${result.learner}`);
    const interval = gapInterval(measuredOf(result, measured), measuredOf(oracle, measured), {
      blocks,
      random,
    });
    return { ...result, gapToOracleIntervalPct: interval };
  });
}

/** The last epochs are those that were measured. */
function measuredOf({ epochs, curve }: LearnerResult, measured: number): MeasuredEpochs {
  const responses = new Map(curve.map(({ epoch, responseMs }) => [epoch, responseMs]));
  return Array.from({ length: measured }, (_, at) => responses.get(epochs - measured + at + 1));
}
