export {
  type Cell,
  type ComputeNode,
  type Device,
  type Objective,
  type Placement,
  type Tier,
  type Variant,
  defaultObjective,
} from './cell.ts';
export type { ActionCost, BalanceLedger, BalanceReport, Directive } from './directive.ts';
export type {
  CellObservation,
  DeviceObservation,
  Learner,
  LearnerSnapshot,
  LearnerStatus,
  LinkObservation,
  Plan,
} from './learner.ts';
export type { NodeLoad } from './node-load.ts';
export type { HopTimes, Outcome, Reason } from './outcome.ts';
