import type { Trial } from './trial.ts';
import type { AccuracyCorrection } from './accuracy-correction.ts';
import type { PlannedLook } from './directive.ts';
import type { TruthReport } from './device-messages.ts';
import type { Objective } from './objective.ts';
import type { Placement } from './placement.ts';

/** How learning and the plan of a cell stand. */
export interface CellStatus {
  readonly learner: string;
  /** Outcomes learned from. */
  readonly outcomes: number;
  readonly plans: number;
  /** Plans that depart from the best one known in order to learn. */
  readonly exploringPlans: number;
  /** Frames answered where only an exploring plan put them, since this service opened the cell. */
  readonly exploringFrames: number;
  /** Expected excess of exploring plans over the best ones known, relative to all response time, 0..1. */
  readonly explorationShare: number;
  readonly driftAlarms: number;
  /** Other cells whose experience the learner began with. @default none */
  readonly priorCells?: number | undefined;
  /** Mean absolute error of predicted response times, relative to their mean. */
  readonly predictionError: number;
  /** Of the last plan. */
  readonly planningMs: number;
  readonly objective: Objective;
  readonly accuracy: CellAccuracy;
  /** Canaries against the variants that they stand in for. @default none */
  readonly trials?: readonly Trial[];
  /** Floors that demand something and can be met; undefined while no device has anything to run. */
  readonly floorRange?: AccuracyRange | undefined;
  readonly devices: readonly DeviceStatus[];
  /** The last time that an operator put the learner back or gave it a snapshot, since the service opened the cell. */
  readonly restored?: LearnerRestored | undefined;
}

/** What of it takes next to no time to tell, of all cells at once. */
export type CellFigures = Omit<CellStatus, 'trials' | 'floorRange' | 'devices' | 'restored'>;

/** A cell as an operator lists it. */
export interface CellSummary {
  readonly cellId: string;
  readonly isOpen: boolean;
  /** In the plan. */
  readonly devices: number;
  readonly connected: number;
  /** Made, over restarts; 0 while it is not open. */
  readonly plans: number;
  readonly learner: string;
  /** In the journal. */
  readonly outcomes: number;
  /** Stored of it. */
  readonly bytes: number;
  /** How long ago a device was last connected; absent: never. */
  readonly joinedAgeMs?: number | undefined;
  /** Versions of what its learner knew. */
  readonly versions: number;
  /** Why it could not be opened. */
  readonly setAside?: string;
}

/** The learner goes on from what it or another one knew before. */
export interface LearnerRestored {
  /** How often so far. */
  readonly count: number;
  readonly learner: string;
  /** Version that it was put back to; 0: it was given a snapshot. */
  readonly version: number;
  readonly ageMs: number;
}

/** Accuracies 0..1. */
export interface AccuracyRange {
  /** Of the least accurate variant. */
  readonly least: number;
  /** The best average that the devices can have together. */
  readonly most: number;
}

/** Accuracy of a cell's answers as measured since the service opened it. */
export interface CellAccuracy {
  /** Against truths, of the devices that are connected; absent before the first. */
  readonly truths?: TruthReport;
  /** Against the most accurate variant; absent before the first audit. */
  readonly audits?: AuditedAccuracy;
  /** What directives say of it; absent: nothing. */
  readonly correction?: AccuracyCorrection;
}

/** How often answers agree with those of the most accurate variant. */
export interface AuditedAccuracy {
  readonly audits: number;
  /** Share of all answers that agree, 0..1: its own do, of the others as many as of those audited. */
  readonly agreed: number;
  /** As the curves promise it; absent where they do not say. */
  readonly promised?: number;
  /** Anytime-valid lower confidence bound of the share, 0..1. */
  readonly lowerBound: number;
  /** Probability with which the bound holds at all times together. */
  readonly level: number;
}

/** Where the plan sends one device, and how it stands. */
export interface DeviceStatus {
  readonly deviceId: string;
  readonly planned?: Placement;
  /** Which of its frames are to be looked at again where; absent: none, or its agent chooses. */
  readonly secondLook?: PlannedLook;
  readonly predictedMs: number;
  readonly connected: boolean;
  readonly balance: number;
  /** Why it is planned by itself; absent: it is planned with the others. */
  readonly familyFault?: string;
}
