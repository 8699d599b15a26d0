import type { TrialTruths } from './trial.ts';
import type { FamilyIdentity, Variant } from './cell.ts';
import type { BalanceReport } from './directive.ts';
import type { LookCurves } from './look-curve.ts';
import type { NodeReport, TargetReport } from './node-load.ts';
import type { Objective } from './objective.ts';

/** A device joins its cell. */
export interface DeviceHello {
  readonly deviceId: string;
  /** This run of the agent. */
  readonly instanceId: string;
  readonly local: NodeReport;
  readonly variants: readonly Variant[];
  /** The device's own; absent when unknown. */
  readonly family?: FamilyIdentity;
  /** What second looks by the device's own family buy; absent when it does not know. */
  readonly looks?: LookCurves;
  readonly targets: readonly TargetReport[];
  /** What the device asks beyond its cell. */
  readonly objective?: Partial<Objective>;
}

/** How an agent stands; what is absent stays as it was. */
export interface DeviceState {
  readonly balance?: BalanceReport;
  readonly framesPerSecond?: number;
  /** Squared coefficient of variation of the times between frames. */
  readonly arrivalVariability?: number;
  readonly targets: readonly TargetReport[];
  readonly local?: NodeReport;
  /** Since the agent started; absent before the first truth. */
  readonly truths?: TruthReport;
  /** Truths of frames that took part in trials of canaries. @default none */
  readonly trials?: readonly TrialTruths[];
}

/** Accuracy of the answers whose truth was reported. */
export interface TruthReport {
  readonly labelled: number;
  /** Share of them that were right, 0..1. */
  readonly right: number;
  /** Mean accuracy that the same answers were promised, 0..1. */
  readonly promised: number;
  /** The same without the shortfall of the corrections in force, 0..1. */
  readonly withoutShortfall: number;
  /** Share that would have been right had the first look been the last, 0..1. */
  readonly firstRight: number;
  /** Of right answers, as RunningMean has it: with it several devices are bounded together. */
  readonly variation: number;
}
