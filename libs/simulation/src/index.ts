export type { DriftEvent } from './drift.ts';
export { EpochCell, type EpochCellOptions, type EpochResult } from './epoch-cell.ts';
export { type ExperimentName, experimentNames, isWeak } from './experiment.ts';
export { paperFamily, paperFloors } from './family.ts';
export { type Optimum, type OptimumOptions, optimum, trueProblem } from './oracle.ts';
export { type CostProfile, type ProfileName, localMs, profileNames, profiles, remoteMs } from './profile.ts';
export { type Arrivals, arrivalKinds, arrivalTimes } from './arrivals.ts';
export type { AsyncFrame, Knowledge } from './async-agent.ts';
export { type AsyncCell, type AsyncRule, asyncRules, defaultAsyncCell } from './async-cell.ts';
export {
  type AsyncDriftJob,
  type AsyncDriftOptions,
  type AsyncDriftRun,
  type DriftPhase,
  asyncDriftJobs,
  asyncDriftPhases,
  runAsyncDriftJob,
} from './async-drift.ts';
export { type StaticOptimum, createKnownPlanner, staticOptimum } from './async-known.ts';
export {
  type AsyncPlanner,
  type AsyncRunOptions,
  type AsyncRunResult,
  type DriftStep,
  runAsync,
} from './async-run.ts';
export {
  type AsyncStudyJob,
  type AsyncStudyOptions,
  type AsyncStudyRow,
  type AsyncStudyRun,
  asyncStudyJobs,
  asyncStudyRows,
  runAsyncStudyJob,
} from './async-study.ts';
export { type World, type WorldOptions, capacityPerMs, createWorld } from './async-world.ts';
export { type CurvePoint, type LearningOptions, type LearningResult, runLearning } from './learning-run.ts';
