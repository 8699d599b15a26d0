import { mapInSteps, type Steps } from '@weir/base';
import type { BeliefOptions } from './belief-options.ts';
import { CostBlock, type CostBlockState } from './cost-block.ts';
import { FairShare } from './fair-share.ts';
import { firstGuess, type Work } from './features.ts';
import { RelativeNoise } from './noise.ts';
import { ReporterMedians } from './reporter-medians.ts';
import type { LocalState } from './state.ts';

export interface LocalFeatures {
  readonly indices: readonly number[];
  readonly values: readonly number[];
  /** Deviation of the residual that no weight stands for yet, ms; 0 where one does. */
  readonly unseenVariant: number;
}

/** First measurements are told from the prior by at most this factor. */
const widestScale = Math.log(50);
const anyDevice = 'local';

/**
 * Service times of devices' own processors, a block for each device: intercept, work FP32, work INT8, what INT8 takes
 * more whatever the size (it quantises and back), a residual per variant.
 */
export class LocalBeliefs {
  readonly noise: RelativeNoise;
  readonly #options: BeliefOptions;
  readonly #blocks = new Map<string, CostBlock>();
  readonly #noiseShare = new FairShare();
  /** Logarithm of each device's first measurement over the prior: the scale of a device without its own. */
  readonly #scales = new ReporterMedians();

  constructor(options: BeliefOptions) {
    this.#options = options;
    this.noise = new RelativeNoise(options.prior?.noise.local ?? options.noise);
  }

  knows(deviceId: string): boolean {
    return (this.#blocks.get(deviceId)?.observations ?? 0) > 0;
  }

  suspectsChange(deviceId: string): boolean {
    return this.#blocks.get(deviceId)?.suspectsChange ?? false;
  }

  /** True on a change. */
  observe(deviceId: string, variant: string, work: Work, ms: number, extraNoise = 0): boolean {
    const block = this.block(deviceId);
    const { indices, values } = localFeatures(block, variant, work, true);
    if (block.observations === 0) {
      const expected = block.weights.predict(indices, values).mean;
      const prior = (expected / block.priorMs) * this.#options.serviceMs;
      const scale = Math.log(ms / prior);
      this.#scales.set(anyDevice, deviceId, Math.min(widestScale, Math.max(-widestScale, scale)));
    }
    const noiseWeight = this.#noiseShare.weigh(deviceId);
    return block.observe({ indices, values, observedMs: ms, noise: this.noise, noiseWeight, extraNoise });
  }

  block(deviceId: string): CostBlock {
    let block = this.#blocks.get(deviceId);
    if (block) return block;
    const { prior, serviceMs } = this.#options;
    const expected = prior?.blocks.local;
    if (expected) block = CostBlock.expecting(expected);
    else {
      const scale = serviceMs * Math.exp(this.#scales.median(anyDevice) ?? 0);
      block = new CostBlock(firstGuess.local.means, firstGuess.local.deviations, scale);
    }
    this.#blocks.set(deviceId, block);
    return block;
  }

  retain(keeps: (deviceId: string) => boolean): void {
    for (const id of this.#blocks.keys()) if (!keeps(id)) this.#blocks.delete(id);
    this.#scales.retain(() => true, keeps);
  }

  *stateInSteps(): Steps<LocalState> {
    return {
      blocks: yield* mapInSteps([...this.#blocks], ([id, block]): [string, CostBlockState] => [
        id,
        block.state(),
      ]),
      noise: this.noise.state(),
      noiseShare: this.#noiseShare.state(),
      scales: this.#scales.state(),
    };
  }

  restore({ blocks, noise, noiseShare, scales }: LocalState): void {
    this.#blocks.clear();
    for (const [id, block] of blocks) this.#blocks.set(id, CostBlock.restore(block));
    this.noise.restore(noise);
    this.#noiseShare.restore(noiseShare);
    this.#scales.restore(scales);
  }
}

/** Where the weights of a variant's time are, and their factors; `create`: with a residual for a variant that is new. */
export function localFeatures(
  block: CostBlock,
  variant: string,
  { work, int8 }: Work,
  create: boolean,
): LocalFeatures {
  const deviation = 0.05 * (0.1 + work);
  if (!create && !block.residuals.has(variant)) {
    const unseenVariant = deviation * block.priorMs;
    return int8
      ? { indices: [0, 2, 3], values: [1, work, 1], unseenVariant }
      : { indices: [0, 1], values: [1, work], unseenVariant };
  }
  const residual = block.residual(variant, deviation);
  return int8
    ? { indices: [0, 2, 3, residual], values: [1, work, 1, 1], unseenVariant: 0 }
    : { indices: [0, 1, residual], values: [1, work, 1], unseenVariant: 0 };
}
