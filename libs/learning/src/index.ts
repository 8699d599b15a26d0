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
export { type EarningTerms, EarnedBalances } from './accuracy-ledger/earned-balances.ts';
export { type TransferLedger, createTransferLedger } from './accuracy-ledger/transfers.ts';
export { dispatchThresholdMs } from './planner/dispatch-threshold.ts';
export {
  type ActionSpace,
  type OpenActions,
  type RemoteTarget,
  bestVariant,
  openActions,
  placements,
} from './actions.ts';
export {
  type LearnerFactory,
  type LearnerName,
  createLearner,
  learnerFactory,
  learnerNames,
} from './create-learner.ts';
export {
  type CreateLearner,
  isLearnerFile,
  learnerFilePattern,
  learnerName,
} from './learner-file/learner-file.ts';
export { unknownOption } from './learner-options.ts';
export { obeyedPlan } from './obeyed-plan.ts';
export { snapshotOf, snapshotText, stateOf } from './snapshot.ts';
export { type Experience, EpochCollector, rewardDefaults } from './joint-action/epoch.ts';
export {
  type JointAction,
  type JointSpace,
  isFeasible,
  jointSpace,
  placementsOf,
  randomJointAction,
} from './joint-action/joint-space.ts';
export { AccuracyGuard, type CellCorrection, type GuardedFamily } from './guard/accuracy-guard.ts';
export { epochOutcomes } from './epoch-outcomes.ts';
export type { HiLcbOptions } from './hi-lcb/hi-lcb.ts';
export { type MarginBins, emptyBins, escalatedBins, withSecondLook } from './hi-lcb/margin-bins.ts';
export { staticSnapshot } from './fixed/static.ts';
export { priorFrom } from './planner/planner-state.ts';
export type { BeliefPrior } from './beliefs/prior.ts';
export { expectedWaitMs } from './planner/waiting.ts';
export { bruteForce } from './solver/brute-force.ts';
export type { Assignment, AssignmentProblem, LocalOption, RemoteAccess } from './solver/problem.ts';
export { solveAssignment } from './solver/solve.ts';
export {
  type AccuracyDevices,
  accuracyShares,
  attainableAccuracy,
  idleFramesPerSecond,
} from './planner/frame-shares.ts';
