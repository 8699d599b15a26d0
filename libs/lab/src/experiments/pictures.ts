import type { Random } from '@weir/base';
import { type Answer, type Arrivals, type Picture, drive, startTruthReports } from '@weir/cell';
import { learnersOf } from '../measure/candidates.ts';
import type { CostTable } from '../measure/cost-table.ts';
import { picturesIn } from '../measure/pictures-in.ts';
import { PictureBlocks, framesToRecover } from '../measure/picture-blocks.ts';
import type { PicturesResult } from '../measure/results.ts';
import type { Testbed } from '../measure/testbed.ts';
import { watchAccuracy } from '../measure/watch-accuracy.ts';
import { capacityPerSecond } from './arrivals.ts';

export interface PicturesExperimentOptions {
  readonly table: CostTable;
  readonly floor: number;
  readonly learner: string;
  /** Looks that a frame may get. */
  readonly looks: number;
  readonly pattern: Arrivals['pattern'];
  /** Share of what the cell would sustain with the best variant everywhere. */
  readonly load: number;
  readonly learningSeconds: number;
  /** Frames of the whole cell. */
  readonly before: number;
  readonly after: number;
  readonly block: number;
  /** Whether the cell is told what its pictures show. */
  readonly truths: boolean;
  /** What is shown after the change. */
  readonly changed: readonly Picture[];
  /** Whether the most accurate variant answers a picture right. */
  readonly bestRight: (sample: Picture) => boolean;
  readonly random: Random;
  readonly onBlock?: (label: string, done: number, total: number) => void;
}

/** Frames that arrive by themselves, of pictures that change in mid-run. */
export async function runPicturesExperiment(
  testbed: Testbed,
  options: PicturesExperimentOptions,
): Promise<Pick<PicturesResult, 'framesPerSecondAndDevice' | 'blocks' | 'framesToRecover'>> {
  const { table, floor, learner, looks, load, learningSeconds, block, random, onBlock } = options;
  const { shape } = table;
  const pictures = picturesIn(testbed.pictures);
  const rate = (load * capacityPerSecond(table)) / shape.deviceIds.length;
  const [candidate] = learnersOf([learner], { looks });
  await testbed.setLooks(candidate!.maxLooks);
  await candidate!.start(testbed);
  await testbed.setFloor(floor);

  await using watched = watchAccuracy(testbed);
  const blocks = new PictureBlocks(block, () => watched.known);
  const total = Math.ceil(options.before / block) + Math.ceil(options.after / block);
  let answered = 0;
  const record: OnPicture = (sample, answer) => {
    if (!answer) return blocks.failed();
    blocks.add({ answer, label: sample.label, bestRight: options.bestRight(sample) });
    if (++answered % block === 0) onBlock?.(learner, Math.min(total, answered / block), total);
  };
  const frames = Math.max(1, Math.round(rate * learningSeconds));
  await show(testbed, {
    ...options,
    rate,
    samples: pictures,
    frames,
    random: random.fork('learning'),
  });
  for (const [phase, samples] of [
    ['before', pictures],
    ['after', options.changed],
  ] as const) {
    if (phase === 'after') blocks.change();
    const each = Math.ceil(options[phase] / shape.deviceIds.length);
    await show(testbed, {
      ...options,
      rate,
      samples,
      frames: each,
      random: random.fork(phase),
      onPicture: record,
    });
  }
  const found = blocks.blocks();
  const best = Math.max(...shape.variants.map(({ accuracy }) => accuracy));
  return {
    framesPerSecondAndDevice: rate,
    blocks: found,
    framesToRecover: framesToRecover(found, best - floor),
  };
}

/** Undefined: it failed. */
type OnPicture = (sample: Picture, answer: Answer | undefined) => void;

/** So many frames of each device; resolves when the last one is answered, and its truth told. */
async function show(
  { applications, clock, signal }: Testbed,
  {
    samples,
    pattern,
    rate,
    frames,
    truths,
    random,
    onPicture = () => {},
  }: Pick<PicturesExperimentOptions, 'pattern' | 'truths' | 'random'> & {
    readonly samples: readonly Picture[];
    /** Frames per second of each device. */
    readonly rate: number;
    readonly frames: number;
    readonly onPicture?: OnPicture;
  },
): Promise<void> {
  await Promise.all(
    applications.map(async ({ deviceId, client }) => {
      await using reports = startTruthReports({ client, clock, onMeasured: () => {} });
      await drive({
        client,
        samples,
        arrivals: { pattern, rate, frames },
        maxInFlight: Infinity,
        clock,
        random: random.fork(deviceId),
        signal,
        onAnswer(answer, sample) {
          if (truths) reports.add({ requestId: answer.response.requestId, label: sample.label });
          onPicture(sample, answer);
        },
        onFailure: (_, { sample }) => onPicture(sample, undefined),
      });
    }),
  );
  signal.throwIfAborted();
}
