export type { DriftEvent } from './epoch/drift.ts';
export { EpochCell, type EpochResult } from './epoch/epoch-cell.ts';
export type { EpochCellOptions } from './epoch/epoch-cell-options.ts';
export { type ExperimentName, experimentNames, isWeak } from './experiment.ts';
export { type SimulatedFamily, paperFamily, paperFloors, withPaperSizes } from './family.ts';
export { type HindsightPlan, fixedThreshold, twoLookOptimum } from './epoch/hindsight.ts';
export { type TunedHiLcb, tunedHiLcb } from './epoch/tuned-hi-lcb.ts';
export { type BestJoint, type JointSearch, bestJoint } from './hindsight/joint-search.ts';
export { leastPrice } from './hindsight/least-price.ts';
export { type Optimum, type OptimumOptions, optimum, trueProblem } from './epoch/oracle.ts';
export { type CostProfile, type ProfileName, localMs, profileNames, profiles, remoteMs } from './profile.ts';
export { type Arrivals, arrivalKinds, arrivalTimes } from './arrivals/arrivals.ts';
export type { AsyncFrame, Knowledge } from './arrivals/agent.ts';
export { type AsyncCell, type AsyncRule, asyncRules, defaultAsyncCell, rulesOf } from './arrivals/cell.ts';
export {
  type AsyncDriftJob,
  type AsyncDriftOptions,
  type AsyncDriftRun,
  type DriftPhase,
  asyncDriftJobs,
  asyncDriftPhases,
  runAsyncDriftJob,
} from './arrivals/drift.ts';
export {
  type GuardedRun,
  type GuardedRunOptions,
  boundAbove,
  framesUntilBack,
  harderPictures,
  runGuarded,
} from './arrivals/guarded.ts';
export { type StaticOptimum, createKnownPlanner, staticOptimum } from './arrivals/known-costs.ts';
export {
  type AsyncPlanner,
  type AsyncRunOptions,
  type AsyncRunResult,
  type DriftStep,
  type GivenArrivals,
  runAsync,
} from './arrivals/run.ts';
export {
  type AsyncStudyJob,
  type AsyncStudyOptions,
  type AsyncStudyRow,
  type AsyncStudyRun,
  asyncStudyJobs,
  asyncStudyRows,
  runAsyncStudyJob,
} from './arrivals/study.ts';
export { type World, type WorldOptions, capacityPerMs, createWorld } from './arrivals/world.ts';
export {
  type FrameFigures,
  type ReplayOptions,
  type ReplayPolicy,
  type ReplayResult,
  replay,
} from './replay/replay.ts';
export type { ReplayCell, ReplayDevice, ReplayNode } from './replay/replay-cell.ts';
export type { Evidence, UnknownPlace } from './replay/verdict.ts';
export { type ReplayTrialOptions, type ReplayTrial, replayTrial } from './replay/trial.ts';
export {
  type CurvePoint,
  type LearningOptions,
  type LearningResult,
  runLearning,
} from './epoch/learning-run.ts';
