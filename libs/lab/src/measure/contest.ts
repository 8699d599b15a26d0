import { type Random } from '@weir/base';
import type { Phase } from '../frames/frame-record.ts';
import type { Candidate } from './candidates.ts';
import { type EpochRecord, openEpochs } from './epochs.ts';
import type { Testbed } from './testbed.ts';

export interface ContestOptions {
  readonly candidates: readonly Candidate[];
  /** Epochs that each learner has to learn in before it is measured; fixed ones have none. */
  readonly learning: number;
  /** Epochs of each that count, in all blocks together. */
  readonly measured: number;
  /** Each block runs everyone once, in an order of its own, so that a machine that slows down slows all. */
  readonly blocks: number;
  readonly random: Random;
  /** Before each epoch: what happens to the cell. Counts the epochs of one candidate, from 1, both phases together. */
  readonly before?: (epoch: number) => Promise<void>;
  readonly onEpoch?: OnEpoch;
}

/** Whose epoch it is, and what it counts for. */
export interface EpochContext {
  /** Of the candidate. */
  readonly label: string;
  readonly phase: Exclude<Phase, 'profiling' | 'warmup'>;
  /** From 1; null outside of turns. */
  readonly block: number | null;
  /** Of this candidate so far, from 1. */
  readonly epoch: number;
}
export type OnEpoch = (record: EpochRecord, context: EpochContext) => void;

/** Epochs of one candidate. */
export interface CandidateRecord {
  readonly label: string;
  readonly learning: readonly EpochRecord[];
  /** Numbered so that the i-th of all candidates were shown the same pictures. */
  readonly measured: readonly EpochRecord[];
}

/** Runs all candidates side by side in one living cell. */
export async function runContest(
  testbed: Testbed,
  { candidates, learning, measured, blocks, random, before, onEpoch }: ContestOptions,
): Promise<CandidateRecord[]> {
  const records = candidates.map(({ label }) => ({
    label,
    learning: [] as EpochRecord[],
    measured: [] as EpochRecord[],
  }));
  const run = async (at: number, phase: 'learning' | 'measured', count: number, block: number | null) => {
    const { label } = candidates[at]!;
    const record = records[at]!;
    const into = record[phase];
    await using epochs = openEpochs(testbed, random.fork(`order ${label} ${phase} ${into.length}`));
    for (let left = count; left > 0; left--) {
      const epoch = record.learning.length + record.measured.length + 1;
      await before?.(epoch);
      const done = await epochs.next(into.length);
      into.push(done);
      onEpoch?.(done, { label, phase, block, epoch });
    }
  };

  for (let at = 0; at < candidates.length; at++) {
    const { learns, start, leave, maxLooks } = candidates[at]!;
    await testbed.setLooks(maxLooks);
    await start(testbed);
    if (!learns) continue;
    await run(at, 'learning', learning, null);
    await leave?.(testbed);
  }
  for (const [block, count] of blockSizes(measured, blocks).entries()) {
    for (const at of rotated(candidates.length, block)) {
      const { resume, leave, maxLooks } = candidates[at]!;
      await testbed.setLooks(maxLooks);
      await resume(testbed);
      await run(at, 'measured', count, block + 1);
      await leave?.(testbed);
    }
  }
  return records;
}

/** Epochs in each block. */
export const blockSizes = (measured: number, blocks: number): number[] =>
  Array.from(
    { length: blocks },
    (_, block) => Math.floor(((block + 1) * measured) / blocks) - Math.floor((block * measured) / blocks),
  );

/** 0..count − 1; every second turn the other way round, and every third begins elsewhere: nobody is always first. */
export function rotated(count: number, turn: number): number[] {
  const indices = Array.from({ length: count }, (_, index) => (index + Math.floor(turn / 2)) % count);
  return turn % 2 === 1 ? indices.reverse() : indices;
}
