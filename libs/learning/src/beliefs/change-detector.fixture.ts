import { seededRandom } from '@weir/base';
import { CostBlock } from './cost-block.ts';
import { RelativeNoise } from './noise.ts';

/** Outcomes of one thing whose time does not change by itself. */
export interface Stream {
  readonly seed: number;
  /** Of the body, relative. */
  readonly noise?: number;
  /** Share of outliers, two to twenty times as slow. */
  readonly outliers?: number;
  /** Mean length of a run of outliers. */
  readonly burst?: number;
}

/** Service times around 100 ms. */
function times({ seed, noise = 0.06, outliers = 0, burst = 1 }: Stream): () => number {
  const random = seededRandom(seed);
  let left = 0;
  return () => {
    if (left === 0 && random.uniform() < outliers / burst)
      left = burst === 1 ? 1 : 1 + Math.round(random.exponential(burst - 1));
    const slow = left > 0 ? 2 * 10 ** random.uniform() : 1;
    left = Math.max(0, left - 1);
    return 100 * slow * Math.exp(noise * random.normal());
  };
}

/** A belief that watches such a stream. */
export function watched(stream: Stream) {
  const next = times(stream);
  const noise = new RelativeNoise(0.15);
  const block = new CostBlock([1], [0.5], 100);
  return {
    block,
    observe: (factor = 1, reporter?: string) =>
      block.observe({
        indices: [0],
        values: [1],
        observedMs: factor * next(),
        noise,
        noiseWeight: 1,
        ...(reporter !== undefined && { reporter }),
      }),
  };
}

/** Alarms without a change. */
export function alarms(stream: Stream, observations: number): number {
  const { observe } = watched(stream);
  let count = 0;
  for (let i = 0; i < observations; i++) if (observe()) count++;
  return count;
}

/** Outcomes from a change by that factor to its alarm, sorted over seeds; Infinity: more than 200. */
export function delays(factor: number, stream: Omit<Stream, 'seed'>, seeds: number): number[] {
  return Array.from({ length: seeds }, (_, seed) => {
    const { observe } = watched({ ...stream, seed });
    for (let i = 0; i < 400; i++) observe();
    for (let i = 1; i <= 200; i++) if (observe(factor)) return i;
    return Infinity;
  }).sort((a, b) => a - b);
}
