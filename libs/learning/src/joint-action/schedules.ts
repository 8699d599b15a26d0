/** Adam's step after some epochs of training. Source of the falling step: Robbins & Monro 1951. */
export const stepSize = (
  { learningRate, learningRateHalving }: { learningRate: number; learningRateHalving: number },
  epochs: number,
): number => (learningRateHalving > 0 ? learningRate / (1 + epochs / learningRateHalving) : learningRate);

/** Probability of a random joint action after some plans: falls linearly, then stays. Source: Mnih et al. 2015. */
export function epsilonAt(
  {
    epsilonStart,
    epsilonEnd,
    epsilonEpochs,
  }: { epsilonStart: number; epsilonEnd: number; epsilonEpochs: number },
  plans: number,
): number {
  const done = epsilonEpochs > 0 ? Math.min(1, plans / epsilonEpochs) : 1;
  return epsilonStart + done * (epsilonEnd - epsilonStart);
}
