import type { BeliefPrior } from './prior.ts';

export interface BeliefOptions {
  /** Time of the reference model on a processor before anything was measured, ms; the first measurement of a
   * device or node corrects it by up to 50 times. @default 300 — own choice, the order of MobileNetV1 on a weak device */
  readonly serviceMs: number;
  /** Round trip with the input's upload on a regular link before anything was measured, ms; a weak link
   * is expected to take twice as long. @default 60 — own choice, the order of a mobile network */
  readonly networkMs: number;
  /**
   * Noise relative to the mean before anything was measured; too low a guess takes the first noisy outcomes for changes.
   * @default 0.15 — docs/learning.md, "How much to explore"
   */
  readonly noise: number;
  /** What other cells have measured, in place of the three guesses above. @default none */
  readonly prior?: BeliefPrior | undefined;
}

export const defaultBeliefOptions: BeliefOptions = { serviceMs: 300, networkMs: 60, noise: 0.15 };

/** Longest time that can be learned, ms: a day. Longer, negative and non-finite ones are faults of who measured. */
export const longestMs = 86_400_000;

export const isTime = (ms: number): boolean => Number.isFinite(ms) && ms >= 0 && ms <= longestMs;
