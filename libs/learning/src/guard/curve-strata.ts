import type { LookCurve } from '@weir/domain';

/** Frames whose margins lie between two thresholds of a curve, and what the curve says of them. */
export interface Stratum {
  /** Upper end of their margins; Infinity for those above every threshold. */
  readonly marginBelow: number;
  /** Of all frames. */
  readonly share: number;
  /** Accuracy that a second look gains at one of them; 0 above every threshold. */
  readonly gain: number;
  /** Probability that a second look says something else. */
  readonly changed: number;
}

/** In rising order of margins; undefined for a curve that does not say how many answers change. */
export function strataOf({ steps, changed: ofAll }: LookCurve): readonly Stratum[] | undefined {
  const strata: Stratum[] = [];
  let before = { share: 0, gain: 0, changed: 0 };
  for (const { marginBelow, share: upTo, gain, changed } of steps) {
    if (changed === undefined) return undefined;
    const share = upTo - before.share;
    strata.push({
      marginBelow,
      share,
      gain: (gain - before.gain) / share,
      changed: (changed - before.changed) / share,
    });
    before = { share: upTo, gain, changed };
  }
  if (ofAll === undefined) return undefined;
  const share = 1 - before.share;
  if (share > 0)
    strata.push({
      marginBelow: Infinity,
      share,
      gain: 0,
      changed: Math.max(0, ofAll - before.changed) / share,
    });
  return strata;
}

/** Probability that a second look says something else where the margin is at least this. */
export function changedAbove(strata: readonly Stratum[], margin: number): number {
  const above = strata.filter(({ marginBelow }) => marginBelow > margin);
  const share = above.reduce((sum, stratum) => sum + stratum.share, 0);
  return share > 0 ? above.reduce((sum, stratum) => sum + stratum.share * stratum.changed, 0) / share : 0;
}

/** A margin above all is in the last. */
export function stratumOf(strata: readonly Stratum[], margin: number): Stratum {
  return strata.find(({ marginBelow }) => margin < marginBelow) ?? strata.at(-1)!;
}
