/** Adam's step after some epochs of training. Source of the falling step: Robbins & Monro 1951. */
export const stepSize = (
  { learningRate, learningRateHalving }: { learningRate: number; learningRateHalving: number },
  epochs: number,
): number => (learningRateHalving > 0 ? learningRate / (1 + epochs / learningRateHalving) : learningRate);
