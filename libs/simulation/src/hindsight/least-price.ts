/** Prices of a wrong answer between which one is sought, ms. */
const [lowest, highest] = [30, 3e6];
const halvings = 12;

/**
 * About the lowest price of a wrong answer, ms, at which a rule is accurate enough; undefined when it is not even at a price
 * at which it does all it can.
 */
export function leastPrice(meets: (priceMs: number) => boolean): number | undefined {
  if (!meets(highest)) return undefined;
  let [low, high] = [lowest, highest];
  for (let left = halvings; left > 0; left--) {
    const middle = Math.sqrt(low * high);
    if (meets(middle)) high = middle;
    else low = middle;
  }
  return high;
}
