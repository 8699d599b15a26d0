import type { Random } from '@weir/base';
import { type OnEpoch, runContest } from '../measure/contest.ts';
import { learnersOf } from '../measure/candidates.ts';
import type { CostTable } from '../measure/cost-table.ts';
import { oracleOf } from './epochs.ts';
import type { LearningResult } from '../measure/results.ts';
import { curveOf, floorViolationsOf, interactionsToFound } from '../measure/learning-curve.ts';
import type { Testbed } from '../measure/testbed.ts';

export interface CurvesOptions {
  readonly table: CostTable;
  readonly floor: number;
  readonly learners: readonly string[];
  /** Looks that a frame may get. */
  readonly looks: number;
  /** Of each learner. */
  readonly epochs: number;
  readonly random: Random;
  /** Of the experiment, by the clock. */
  readonly startedAt: number;
  readonly onEpoch?: OnEpoch;
}

/** How many epochs learners need, one after the other, each from nothing. */
export async function runCurves(
  testbed: Testbed,
  { table, floor, learners, looks, epochs, random, startedAt, onEpoch }: CurvesOptions,
): Promise<Pick<LearningResult, 'oracleMs' | 'learners'>> {
  const { meanMs: oracleMs } = oracleOf(table, floor);
  await testbed.setFloor(floor);
  const records = await runContest(testbed, {
    candidates: learnersOf(learners, { looks }).map((each) => ({ ...each, learns: true })),
    learning: epochs,
    measured: 0,
    blocks: 0,
    random,
    ...(onEpoch && { onEpoch }),
  });
  return {
    oracleMs,
    learners: records.map(({ label, learning }) => ({
      learner: label,
      interactionsTo5pct: interactionsToFound(learning, table, { floor, oracleMs }),
      floorViolations: floorViolationsOf(learning, table, floor),
      curve: curveOf({ learning, measured: [] }, table, { floor, startedAt }),
    })),
  };
}
