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
export { AccuracyBalance, type Booking } from './balance.ts';
export type { Decision } from './dispatch-decision.ts';
export { tightenObjective } from './dispatch-objective.ts';
export {
  type DispatchOptions,
  type DispatchStatus,
  type DispatchTarget,
  type Dispatcher,
  type DispatcherOptions,
  type Settlement,
  createDispatcher,
} from './dispatcher.ts';
export { type TransferLedger, type TransferWant, createTransferLedger } from './transfers.ts';
