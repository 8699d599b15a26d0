import type { PlannedLook } from './directive.ts';
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
  /** Mean absolute error of predicted response times, relative to their mean. */
  readonly predictionError: number;
  /** Of the last plan. */
  readonly planningMs: number;
  readonly objective: Objective;
  readonly devices: readonly DeviceStatus[];
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
}
