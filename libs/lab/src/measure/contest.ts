import { type Random } from '@weir/base';
import type { Contestant } from './candidates.ts';
import { type EpochRecord, openEpochs } from './epochs.ts';
import type { Testbed } from './testbed.ts';

export interface ContestOptions {
  readonly contestants: readonly Contestant[];
  /** Epochs that each learner has to learn in before it is measured; fixed ones have none. */
  readonly learning: number;
  /** Epochs of each that count, in all blocks together. */
  readonly measured: number;
  /** Each block runs everyone once, in an order of its own, so that a machine that slows down slows all. */
  readonly blocks: number;
  readonly random: Random;
  /** Before each epoch: what happens to the cell. Counts the epochs of one contestant, from 1, both phases together. */
  readonly before?: (epoch: number) => Promise<void>;
  readonly onEpoch?: (record: EpochRecord, label: string) => void;
}

/** Epochs of one contestant. */
export interface ContestRecord {
  readonly label: string;
  readonly learning: readonly EpochRecord[];
  /** Numbered so that the i-th of all contestants were shown the same pictures. */
  readonly measured: readonly EpochRecord[];
}

/** Runs all contestants side by side in one living cell. */
export async function runContest(
  testbed: Testbed,
  { contestants, learning, measured, blocks, random, before, onEpoch }: ContestOptions,
): Promise<ContestRecord[]> {
  const records = contestants.map(({ label }) => ({
    label,
    learning: [] as EpochRecord[],
    measured: [] as EpochRecord[],
  }));
  const run = async (at: number, phase: 'learning' | 'measured', count: number) => {
    const { label } = contestants[at]!;
    const record = records[at]!;
    const into = record[phase];
    await using epochs = openEpochs(testbed, random.fork(`order ${label} ${phase} ${into.length}`));
    for (let epoch = 0; epoch < count; epoch++) {
      await before?.(record.learning.length + record.measured.length + 1);
      const done = await epochs.next(into.length);
      into.push(done);
      onEpoch?.(done, label);
    }
  };

  for (let at = 0; at < contestants.length; at++) {
    const { learns, start } = contestants[at]!;
    await start(testbed);
    if (learns) await run(at, 'learning', learning);
  }
  for (const [block, count] of blockSizes(measured, blocks).entries()) {
    for (const at of rotated(contestants.length, block)) {
      await contestants[at]!.resume(testbed);
      await run(at, 'measured', count);
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
