export type { DriftEvent } from './drift.ts';
export { EpochCell, type EpochCellOptions, type EpochResult } from './epoch-cell.ts';
export { type ExperimentName, experimentNames, isWeak } from './experiment.ts';
export { paperFamily, paperFloors } from './family.ts';
export { type Optimum, type OptimumOptions, optimum, trueProblem } from './oracle.ts';
export { type CostProfile, type ProfileName, localMs, profileNames, profiles, remoteMs } from './profile.ts';
