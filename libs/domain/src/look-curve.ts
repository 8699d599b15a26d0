/** What looking again at the least certain pictures buys, for pairs of variants of one family. */
export interface LookCurves {
  /** Changes when any curve does: equal versions, equal curves. */
  readonly version: string;
  /** Labelled pictures that the curves were measured on. */
  readonly pictures: number;
  /** At most one a pair; pairs that gain nothing are left out. */
  readonly curves: readonly LookCurve[];
}

/**
 * What a second look by variant `second` buys after a first by `first`, measured on labelled pictures that were
 * neither trained nor calibrated on.
 */
export interface LookCurve {
  readonly first: string;
  readonly second: string;
  /**
   * 1 to 25, from the smallest share to the last that still gains. `marginBelow`, `share` and `gain` rise, gain per
   * share falls: the curve is concave. Share 0, no second look, goes without saying.
   */
  readonly steps: readonly LookStep[];
  /** Share of all pictures that both answer differently, 0..1; absent: not measured. */
  readonly changed?: number;
}

/** One threshold on the first look's margin: the probability of its best class minus that of its second best. */
export interface LookStep {
  /** Frames whose first look has a margin below it get a second look, > 0; above 1: all do. */
  readonly marginBelow: number;
  /** Share of the frames that get a second look, 0..1. */
  readonly share: number;
  /** Accuracy with these second looks minus that of the first look alone, a fraction. */
  readonly gain: number;
  /** Standard error of `gain`, paired over pictures. */
  readonly standardError: number;
  /** Share of all frames that get a second look and a different answer by it, 0..share; absent: not measured. */
  readonly changed?: number;
}

/** The step of the curve of both variants at exactly `marginBelow`; undefined when there is none. */
export const lookStepOf = (
  { curves }: LookCurves,
  { first, second, marginBelow }: { first: string; second: string; marginBelow: number },
): LookStep | undefined =>
  curves
    .find((curve) => curve.first === first && curve.second === second)
    ?.steps.find((step) => step.marginBelow === marginBelow);
