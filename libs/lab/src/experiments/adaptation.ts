import type { Random } from '@weir/base';
import { type OnEpoch, runContest } from '../measure/contest.ts';
import { learnersOf } from '../measure/candidates.ts';
import type { CostTable } from '../measure/cost-table.ts';
import { oracleOf } from './epochs.ts';
import type { AdaptationResult } from '../measure/results.ts';
import { curveOf, interactionsToFound } from '../measure/learning-curve.ts';
import type { Testbed } from '../measure/testbed.ts';

/** A phase of the cell: from this epoch on, these devices have weak links. */
export interface LinkPhase {
  readonly fromEpoch: number;
  readonly label: string;
  readonly weakDevices: readonly string[];
  /** Measured in this phase. */
  readonly table: CostTable;
}

export interface AdaptationOptions {
  /** In order; the first from epoch 1. */
  readonly phases: readonly LinkPhase[];
  readonly epochs: number;
  readonly floor: number;
  readonly learners: readonly string[];
  /** Looks that a frame may get. */
  readonly looks: number;
  readonly random: Random;
  /** Of the experiment, by the clock. */
  readonly startedAt: number;
  readonly onEpoch?: OnEpoch;
}

/** Links go weak and recover while learners run, one after the other; each starts from nothing. */
export async function runAdaptation(
  testbed: Testbed,
  { phases, epochs, floor, learners, looks, random, startedAt, onEpoch }: AdaptationOptions,
): Promise<Pick<AdaptationResult, 'events' | 'oracle' | 'learners'>> {
  const oracles = phases.map(({ table, fromEpoch }) => ({
    epoch: fromEpoch,
    meanMs: oracleOf(table, floor).meanMs,
  }));
  await testbed.setFloor(floor);
  const records = await runContest(testbed, {
    candidates: learnersOf(learners, { looks }).map((each) => ({ ...each, learns: true })),
    learning: epochs,
    measured: 0,
    blocks: 0,
    random,
    async before(epoch) {
      const phase = phases.find(({ fromEpoch }) => fromEpoch === epoch);
      if (phase) await testbed.weaken(phase.weakDevices);
    },
    ...(onEpoch && { onEpoch }),
  });
  await testbed.weaken(phases[0]!.weakDevices);
  return {
    events: phases.slice(1).map(({ fromEpoch: epoch, label }) => ({ epoch, label })),
    oracle: oracles,
    learners: records.map(({ label, learning }) => {
      const parts = phases.map(({ fromEpoch, table }, at) => ({
        table,
        fromEpoch,
        epochs: learning.slice(fromEpoch - 1, (phases[at + 1]?.fromEpoch ?? Infinity) - 1),
      }));
      return {
        learner: label,
        recoveryEpochs: parts
          .slice(1)
          .map(({ epochs: part, table }, at) =>
            interactionsToFound(part, table, { floor, oracleMs: oracles[at + 1]!.meanMs }),
          ),
        curve: parts.flatMap(({ epochs: part, table, fromEpoch }) =>
          curveOf({ learning: part, measured: [] }, table, { floor, startedAt }).map((point) => ({
            ...point,
            epoch: point.epoch + fromEpoch - 1,
          })),
        ),
      };
    }),
  };
}
