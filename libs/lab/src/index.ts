export { type PreparedCell, type PreparationOptions, prepareCell } from './experiments/preparation.ts';
export {
  type GenerateTraceOptions,
  type TracePoint,
  formatTrace,
  generateTrace,
  parseTrace,
} from './scenario/link-trace.ts';
export { type NamedFloor, belowBest, floorLabels, floorOf, isPaperFloor } from './scenario/paper-floors.ts';
export { isLabLearner } from './scenario/lab-learners.ts';
export {
  type GridCell,
  type GridRule,
  type LooksGridOptions,
  gridRules,
  looksGrid,
} from './looks-grid/looks-grid.ts';
export { learningPlotSvg, reportHtml } from './report/index.ts';
export { type Overview, type ReproductionOptions, reproduce, resultsOf } from './experiments/reproduction.ts';
export { type FrameColumn, frameColumns } from './frames/frame-columns.ts';
export type { FrameRecord } from './frames/frame-record.ts';
export { type FramesFile, openFramesFile } from './frames/frames-file.ts';
export { reproductionScenarios } from './experiments/reproduction-scenarios.ts';
export { looksFloors, looksScenarios, looksUsers } from './experiments/looks-scenarios.ts';
export type {
  Estimate,
  ExperimentResult,
  FloorWatch,
  Interval,
  LearnerResult,
  LooksResult,
  Results,
  UnitResult,
} from './measure/results.ts';
export { type Verdict, verdictOf } from './experiments/verdict.ts';
export { runScenario } from './experiments/run-scenario.ts';
export { parseScenario, readScenario, shippedScenarios } from './scenario/scenario.ts';
export type { Scenario } from './scenario/scenario-schema.ts';
export { type Step, everyTenth, stepInWords } from './measure/step.ts';
export { inWords } from './measure/summarise.ts';
