/** The trade-off between variants. */
export interface TradeOff {
  readonly name: string;
  /** Top-1, a fraction. */
  readonly accuracy: number;
  readonly latencyMs: number;
}

/** For each variant one that dominates it: no worse in both, better in one; undefined on the Pareto front. */
export function dominators(variants: readonly TradeOff[]): ReadonlyMap<string, string | undefined> {
  return new Map(
    variants.map((variant) => [variant.name, variants.find((other) => dominates(other, variant))?.name]),
  );
}

const dominates = (a: TradeOff, b: TradeOff) =>
  a.accuracy >= b.accuracy &&
  a.latencyMs <= b.latencyMs &&
  (a.accuracy > b.accuracy || a.latencyMs < b.latencyMs);
