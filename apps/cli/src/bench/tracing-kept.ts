import {
  type Estimate,
  bootstrap,
  estimate,
  interquartileMean,
  mean,
  median,
  seededRandom,
} from '@weir/base';
import type { Block, TracingCost } from './tracing-cost.ts';

/** Throughput kept with a feature, relative to without it; 1 is no cost. */
export interface Kept {
  /** Inverse of the processor time of a frame. */
  readonly processorTime: Estimate;
  /** By wall time. */
  readonly throughput: Estimate;
}

export interface TracingKept {
  readonly processorMsPerFrame: { readonly cutOut: number; readonly off: number; readonly sampled: number };
  /** Off, of cut out. */
  readonly off: Kept;
  /** The SDK loaded and nothing traced, of not loaded. */
  readonly sdkLoaded: Kept;
  /** A share of the frames sampled, of none; the SDK is loaded either way. */
  readonly sampled: Kept;
  /** Both: a share of the frames sampled, of tracing off. */
  readonly traced: Kept;
  /** Processor time of one export by agent and worker. */
  readonly exportMs: number;
  /** Processor time of loading the SDK, agent and worker together. */
  readonly loadMs: number;
  readonly spanBytes: number;
}

type Pair = readonly [without: Block, w: Block];

/** Throws RangeError when there is no cost. */
export function tracingKept(
  costs: readonly TracingCost[],
  { frames, seed }: { frames: number; seed: number },
): TracingKept {
  const unloaded = costs.flatMap(({ plain }) => plain);
  const loaded = costs.flatMap(({ traced }) => traced);
  // Other threads run models and decode pictures: not tracing, and noise that would hide it.
  const mainShare = median(unloaded.map(({ off }) => off.mainMs / off.cpuMs));
  const keptOf = (figure: (ratio: (pair: Pair) => number) => Estimate): Kept => ({
    processorTime: mapped(
      figure(([without, w]) => Math.log(w.mainMs / without.mainMs)),
      (log) => 1 / (1 + mainShare * (Math.exp(log) - 1)),
    ),
    throughput: mapped(
      figure(([without, w]) => Math.log(w.wallMs / without.wallMs)),
      (log) => Math.exp(-log),
    ),
  });
  /** Two modes that took turns in one process. */
  const within = (pairs: readonly Pair[]) =>
    keptOf((ratio) => {
      const [values, random] = [pairs.map(ratio), seededRandom(seed)];
      // Blocks that other work of the machine slowed do not move the middle half.
      const resample = () => interquartileMean(values.map(() => values[random.integer(values.length)]!));
      return { mean: interquartileMean(values), ...bootstrap(resample) };
    });
  /** One cell of a pair against the other: a value per pair, because processes differ by chance as well. */
  const across = (way: 'off' | 'sampled') =>
    keptOf((ratio) =>
      estimate(
        costs.map(({ plain, traced }) =>
          interquartileMean(traced.map((round, at) => ratio([plain[at]!.off, round[way]]))),
        ),
      ),
    );
  const perFrame = (blocks: readonly Block[]) => median(blocks.map(({ cpuMs }) => cpuMs)) / frames;
  // Switching costs something too: the excess after sampled blocks is the export.
  const turned = (blocks: readonly Block[]) => mean(blocks.map(({ handOverMs }) => handOverMs));
  return {
    processorMsPerFrame: {
      cutOut: perFrame(unloaded.map(({ none }) => none)),
      off: perFrame(unloaded.map(({ off }) => off)),
      sampled: perFrame(loaded.map(({ sampled }) => sampled)),
    },
    off: within(unloaded.map(({ none, off }) => [none, off])),
    sdkLoaded: across('off'),
    sampled: within(loaded.map(({ off, sampled }) => [off, sampled])),
    traced: across('sampled'),
    exportMs: turned(loaded.map(({ sampled }) => sampled)) - turned(loaded.map(({ off }) => off)),
    loadMs: mean(costs.map(({ loadMs }) => loadMs)),
    spanBytes: costs.reduce((sum, { spanBytes }) => sum + spanBytes, 0),
  };
}

/** The estimate of a monotone function of the figure. */
function mapped({ mean: middle, low, high }: Estimate, by: (value: number) => number): Estimate {
  const ends = [by(low), by(high)];
  return { mean: by(middle), low: Math.min(...ends), high: Math.max(...ends) };
}
