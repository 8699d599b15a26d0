import { seededRandom } from '@weir/base';
import { type MeasuredEpochs, gapInterval } from '../measure/gap-interval.ts';
import type { CurvePoint, LearnerResult, UnitResult } from '../measure/results.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';

/** A result with what an earlier version did not write yet; as it was where nothing is missing. */
export function upToDate(unit: UnitResult, scenario: Scenario): UnitResult {
  switch (unit.kind) {
    case 'epochs': {
      const measured = scenario.epochs?.measured ?? 0;
      const learners = withGapIntervals(unit.learners, scenario).map((each) =>
        timed({ ...uncounted, ...each }, each.epochs - measured),
      );
      return { ...unit, learners };
    }
    case 'arrivals':
      return { ...unit, rules: unit.rules.map((rule) => ({ ...uncounted, ...unwatched, ...rule })) };
    case 'transfer':
      return { ...unit, starts: unit.starts.map((each) => timed(each)) };
    case 'adaptation':
      return { ...unit, learners: unit.learners.map((each) => timed(each)) };
    case 'learning':
      return { ...unit, learners: unit.learners.map((each) => timed(each)) };
    case 'pictures':
      return unit;
  }
}

const uncounted = { looks: null };
const unwatched = { warmup: null, learning: null, curve: [] };

/** The first `learned` epochs were for learning; when they ran is not known. */
const timed = <Result extends { readonly curve: readonly CurvePoint[] }>(
  result: Result,
  learned = Infinity,
): Result => ({
  ...result,
  curve: result.curve.map((point) => ({
    ...{ atMs: null, phase: point.epoch <= learned ? 'learning' : 'measured', devices: [] },
    ...point,
  })),
});

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
