import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { upToDate } from './earlier-results.ts';
import { gapInterval } from '../measure/gap-interval.ts';
import { fakeResults } from '../report/results.fixture.ts';
import type { ArrivalsResult, ExperimentResult, UnitResult } from '../measure/results.ts';
import { readScenario } from '../scenario/scenario.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';

const { units } = fakeResults();
const unitOf = <Unit extends UnitResult>(kind: Unit['kind']) =>
  units.find((unit) => unit.kind === kind) as Unit;
const experiment = unitOf<ExperimentResult>('epochs');
const arrivals = unitOf<ArrivalsResult>('arrivals');

describe('a result of an earlier version', () => {
  it('is left as it is where nothing is missing', () => {
    for (const unit of units) expect(upToDate(unit, readScenario('a-89'))).toEqual(unit);
  });

  it('says that nobody watched the floor apart from what counts', () => {
    const rules = arrivals.rules.map(({ warmup: _, learning: __, curve: ___, ...rule }) => rule);
    const earlier = { ...arrivals, rules } as unknown as ArrivalsResult;
    expect(upToDate(earlier, readScenario('poisson-60'))).toEqual({
      ...arrivals,
      rules: rules.map((rule) => ({ ...rule, warmup: null, learning: null, curve: [] })),
    });
  });

  it('says that nobody counted second looks', () => {
    const rules = arrivals.rules.map(({ looks: _, ...rule }) => rule);
    const learners = experiment.learners.map(({ looks: _, ...learner }) => learner);
    const scenario = readScenario('a-89');
    const [watched, learned] = [
      upToDate({ ...arrivals, rules } as unknown as ArrivalsResult, scenario) as ArrivalsResult,
      upToDate({ ...experiment, learners } as unknown as ExperimentResult, scenario) as ExperimentResult,
    ];
    for (const { looks } of [...watched.rules, ...learned.learners]) expect(looks).toBeNull();
  });

  it('gets the interval of the gap from the epochs that were kept', () => {
    const epochs = { learning: 1, measured: 4, blocks: 2 };
    const scenario: Scenario = { ...readScenario('a-89'), epochs };
    const earlier = {
      ...experiment,
      learners: [
        learnerWith('oracle', 4, { 1: 100, 2: 102, 3: 98, 4: 104 }),
        // The first was for learning, the third was left out.
        learnerWith('planner', 5, { 1: 900, 2: 105, 4: 101, 5: 110 }),
      ],
    } as unknown as ExperimentResult;
    const { learners } = upToDate(earlier, scenario) as ExperimentResult;
    const random = seededRandom(scenario.seed).fork('gap planner');
    const expected = gapInterval([105, undefined, 101, 110], [100, 102, 98, 104], { blocks: 2, random });
    expect(learners.map((learner) => learner.gapToOracleIntervalPct)).toEqual([null, expected]);
    // When they ran is not known; what for is.
    const phases = learners[1]!.curve.map(({ atMs, phase }) => [atMs, phase]);
    expect(learners[1]!.curve.flatMap(({ devices }) => devices)).toEqual([]);
    expect(phases).toEqual([
      [null, 'learning'],
      [null, 'measured'],
      [null, 'measured'],
      [null, 'measured'],
    ]);
  });
});

/** `responses`: by epoch. */
function learnerWith(learner: string, epochs: number, responses: Readonly<Record<number, number>>) {
  const { gapToOracleIntervalPct: _, ...rest } = experiment.learners[0]!;
  const point = { tableMs: 100, bestKnownMs: 100, accuracy: 0.87, explored: false };
  const curve = Object.entries(responses).map(([epoch, responseMs]) => ({
    ...point,
    epoch: Number(epoch),
    responseMs,
  }));
  return { ...rest, learner, epochs, curve };
}
