import { FailedPrecondition, type Random } from '@weir/base';
import { type CandidateRecord, type OnEpoch, runContest } from '../measure/contest.ts';
import { learnersOf, placed, unableIn } from '../measure/candidates.ts';
import type { CostTable } from '../measure/cost-table.ts';
import type { TunedRule } from '../measure/tuned-rules.ts';
import { type Optimum, optimumOf } from '../measure/optimum.ts';
import { type Answers, startMeter } from '../measure/overheads.ts';
import type { ExperimentResult } from '../measure/results.ts';
import { predictionQuality, summarise } from '../measure/summarise.ts';
import type { Testbed } from '../measure/testbed.ts';

export interface EpochsExperimentOptions {
  readonly table: CostTable;
  readonly floor: number;
  /** Names; the oracle is added. */
  readonly learners: readonly string[];
  /** Looks that a frame may get. */
  readonly looks: number;
  /** What each rule that is tuned in hindsight does. */
  readonly tuned: ReadonlyMap<string, TunedRule | undefined>;
  readonly learning: number;
  readonly measured: number;
  readonly blocks: number;
  readonly random: Random;
  /** Of the experiment, by the clock. */
  readonly startedAt: number;
  readonly onEpoch?: OnEpoch;
}

/** What `runEpochsExperiment` finds out; name, title and seed are its caller's. */
export type EpochsFindings = Pick<
  ExperimentResult,
  'oracle' | 'costTable' | 'prediction' | 'learners' | 'unable' | 'overheads'
>;

/** One experiment as in the paper: learners, baselines and the measured oracle, side by side in one living cell. */
export async function runEpochsExperiment(
  testbed: Testbed,
  options: EpochsExperimentOptions,
): Promise<EpochsFindings> {
  const { table, floor, learners, looks, tuned, learning, measured, blocks, random, startedAt, onEpoch } =
    options;
  const oracle = oracleOf(table, floor);
  const { name: best } = table.shape.variants.reduce((a, b) => (a.accuracy >= b.accuracy ? a : b));
  const offloadOnlyMs = optimumOf(table, floor, { variants: [best] })?.meanMs ?? null;
  await testbed.setFloor(floor);
  const meter = await startMeter(testbed);
  const records = await runContest(testbed, {
    candidates: [placed('oracle', oracle.placements), ...learnersOf(learners, { looks, tuned })],
    learning,
    measured,
    blocks,
    random,
    ...(onEpoch && { onEpoch }),
  });
  return {
    oracle: { ...oracle, offloadOnlyMs },
    costTable: table.toJSON(),
    prediction: predictionQuality(records, table),
    unable: unableIn(tuned),
    learners: summarise({ records, table, oracle, floor, blocks, random, startedAt }),
    overheads: await meter.stop(records, answersOf(records)),
  };
}

/** Throws FailedPrecondition when no joint placement meets the floor. */
export function oracleOf(table: CostTable, floor: number): Optimum {
  const oracle = optimumOf(table, floor);
  if (oracle) return oracle;
  throw new FailedPrecondition(`no joint placement of this cell meets the floor of ${floor}`);
}

export function answersOf(records: readonly CandidateRecord[]): Answers {
  const answers = records.flatMap(({ learning, measured }) =>
    [...learning, ...measured].flatMap((epoch) => epoch.answers),
  );
  const agentMs = answers.reduce((sum, { response }) => sum + (response.hops?.agentMs ?? 0), 0);
  return {
    agentMs: agentMs / Math.max(1, answers.length),
    remote: answers.filter(({ response, deviceId }) => response.placement?.nodeId !== deviceId).length,
  };
}
