/** Trials that are told of at once, the newest. */
export const mostTrials = 16;

/** A variant that stands in for another, for a share of its frames. */
export interface Canary {
  readonly variant: string;
  /** The variant that it stands in for. */
  readonly of: string;
  /** Of the frames of that variant, 0..1. */
  readonly share: number;
}

/** What truths say of a canary and of the variant that it stands in for, since an agent started. */
export interface TrialTruths {
  readonly canary: string;
  readonly ofCanary: Rights;
  /** Of first looks alone: a canary gets no second. */
  readonly ofControl: Rights;
}

/** Answers with a truth, and those of them that were right. */
export interface Rights {
  readonly labelled: number;
  readonly right: number;
}

/** A canary and the variant that it stands in for, on frames that could have gone to either at the same node. */
export interface Trial {
  readonly canary: TrialSide;
  readonly control: TrialSide;
}

/** How one of the two did. Times are of first looks, ms; 0 without any. */
export interface TrialSide extends Rights {
  /** Empty before its first frame. */
  readonly variant: string;
  /** Answered. */
  readonly frames: number;
  readonly failures: number;
  readonly responseP50Ms: number;
  readonly responseP95Ms: number;
  readonly computeP50Ms: number;
  readonly computeP95Ms: number;
  /** Answers that the most accurate variant checked, and those of them where it said the same. */
  readonly audited: number;
  readonly agreed: number;
}
