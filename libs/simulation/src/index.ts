export type { DriftEvent } from './drift.ts';
export { EpochCell, type EpochCellOptions, type EpochResult } from './epoch-cell.ts';
export { type ExperimentName, experimentNames, isWeak } from './experiment.ts';
export { paperFamily, paperFloors } from './family.ts';
export { type Optimum, type OptimumOptions, optimum, trueProblem } from './oracle.ts';
export { type CostProfile, type ProfileName, localMs, profileNames, profiles, remoteMs } from './profile.ts';
export { type Arrivals, arrivalTimes } from './arrivals.ts';
export type { AsyncFrame, Knowledge } from './async-agent.ts';
export {
  type AsyncDriftOptions,
  type DriftPhase,
  type DriftScenario,
  driftScenarios,
  runAsyncDrift,
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
  type AsyncRule,
  type AsyncStudyOptions,
  type AsyncStudyResult,
  type AsyncStudyRow,
  asyncRules,
  runAsyncStudy,
} from './async-study.ts';
export { type World, type WorldOptions, capacityPerMs, createWorld } from './async-world.ts';
export { type CurvePoint, type LearningOptions, type LearningResult, runLearning } from './learning-run.ts';
