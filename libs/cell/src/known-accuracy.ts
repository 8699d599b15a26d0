import type { AccuracyCorrection } from '@weir/domain';
import type { policy } from '@weir/proto';

/** What a cell knows of the accuracy of its answers, as people and programs are shown it. Accuracies 0..1. */
export interface KnownAccuracy {
  /** Against truths that applications reported; null before the first. */
  readonly truths: MeasuredShare | null;
  /** Against the most accurate variant: the share of answers that agree with it; null before the first audit. */
  readonly audits: MeasuredShare | null;
  /** Null: the pictures are not noticeably others than those of the curves. */
  readonly correction: AccuracyCorrection | null;
}

/** What was promised of answers, and what was measured. */
export interface MeasuredShare {
  /** Answers that were compared. */
  readonly count: number;
  readonly measured: number;
  /** Of the same answers; null where the curves do not say. */
  readonly promised: number | null;
  /** Lower confidence bound: holds at all times together with probability `level`. */
  readonly lowerBound: number;
  readonly level: number;
}

/** Of a policy that tells nothing of it: nothing is known. */
export function knownAccuracy(wire: policy.CellAccuracy | undefined): KnownAccuracy {
  const { truths, audits, correction } = wire ?? {};
  return {
    truths: truths
      ? {
          count: Number(truths.labelled),
          measured: truths.right,
          promised: truths.promised,
          lowerBound: truths.lowerBound,
          level: truths.level,
        }
      : null,
    audits: audits
      ? {
          count: Number(audits.audits),
          measured: audits.agreed,
          promised: audits.promised ?? null,
          lowerBound: audits.lowerBound,
          level: audits.level,
        }
      : null,
    correction: correction
      ? { ...correction, firsts: correction.firsts.map((first) => ({ ...first })) }
      : null,
  };
}
