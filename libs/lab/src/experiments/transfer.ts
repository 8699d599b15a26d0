import type { Random } from '@weir/base';
import type { LearnerSnapshot } from '@weir/learning';
import { type OnEpoch, runContest } from '../measure/contest.ts';
import { learnerOf, warmStarted } from '../measure/candidates.ts';
import type { CostTable } from '../measure/cost-table.ts';
import { oracleOf } from './epochs.ts';
import { openEpochs } from '../measure/epochs.ts';
import type { TransferResult } from '../measure/results.ts';
import { curveOf, interactionsToFound } from '../measure/learning-curve.ts';
import type { Testbed } from '../measure/testbed.ts';

export interface TransferOptions {
  readonly table: CostTable;
  readonly floor: number;
  readonly learner: string;
  /** Looks that a frame may get. */
  readonly looks: number;
  /** Learned elsewhere. */
  readonly snapshot: LearnerSnapshot;
  readonly epochs: number;
  readonly random: Random;
  /** Of the experiment, by the clock. */
  readonly startedAt: number;
  readonly onEpoch?: OnEpoch;
}

/** The same learner from nothing and from what it learned elsewhere, in one living cell. */
export async function runTransfer(
  testbed: Testbed,
  { table, floor, learner, looks, snapshot, epochs, random, startedAt, onEpoch }: TransferOptions,
): Promise<Pick<TransferResult, 'oracleMs' | 'starts'>> {
  const { meanMs: oracleMs } = oracleOf(table, floor);
  const scratch = learnerOf(learner, looks);
  await testbed.setFloor(floor);
  const records = await runContest(testbed, {
    candidates: [{ ...scratch, label: 'scratch' }, warmStarted('snapshot', snapshot, scratch.maxLooks)],
    learning: epochs,
    measured: 0,
    blocks: 0,
    random,
    ...(onEpoch && { onEpoch }),
  });
  return {
    oracleMs,
    starts: records.map(({ label, learning }) => {
      const curve = curveOf({ learning, measured: [] }, table, { floor, startedAt });
      return {
        start: label as 'scratch' | 'snapshot',
        interactionsTo5pct: interactionsToFound(learning, table, { floor, oracleMs }),
        regretMs: curve.reduce((sum, { responseMs }) => sum + responseMs - oracleMs, 0),
        curve,
      };
    }),
  };
}

/** Lets a learner learn for a while and gives what it has learned. */
export async function learnSnapshot(
  testbed: Testbed,
  {
    learner,
    looks,
    floor,
    epochs,
    random,
    onEpoch,
  }: Pick<TransferOptions, 'learner' | 'looks' | 'floor' | 'epochs' | 'random' | 'onEpoch'>,
): Promise<LearnerSnapshot> {
  const { maxLooks, start } = learnerOf(learner, looks);
  await testbed.setLooks(maxLooks);
  await testbed.setFloor(floor);
  await start(testbed);
  await using runner = openEpochs(testbed, random);
  for (let epoch = 1; epoch <= epochs; epoch++)
    onEpoch?.(await runner.next(epoch - 1), { label: learner, phase: 'pretraining', block: null, epoch });
  return testbed.exportSnapshot();
}
