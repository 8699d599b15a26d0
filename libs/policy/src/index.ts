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
  Probe,
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
export { type ThresholdOptions, dispatchThresholdMs } from './dispatch-threshold.ts';
export {
  type ActionSpace,
  type OpenActions,
  type RemoteTarget,
  bestVariant,
  openActions,
  placements,
} from './actions.ts';
export { type LearnerName, type LearnerOptions, createLearner, learnerNames } from './create-learner.ts';
export { epochOutcomes } from './epoch-outcomes.ts';
export { staticSnapshot } from './static.ts';
export { type PlannerOptions, plannerDefaults, priorFrom } from './planner.ts';
export type { BeliefPrior, BlockPrior } from './beliefs/prior.ts';
export { expectedWaitMs, batchWaitMs } from './waiting.ts';
export { bruteForce } from './solver/brute-force.ts';
export type {
  Assignment,
  AssignmentProblem,
  LocalOption,
  NodeTable,
  RemoteAccess,
  RemoteOption,
} from './solver/problem.ts';
export { solveAssignment } from './solver/solve.ts';
export { idleFramesPerSecond } from './joint.ts';
