export { type Bench, type BenchOptions, openBench } from './bench.ts';
export {
  type GenerateTraceOptions,
  type TracePoint,
  formatTrace,
  generateTrace,
  parseTrace,
} from './link-trace.ts';
export { floorLabels } from './paper-floors.ts';
export { reportHtml } from './report/report.ts';
export { type Overview, type ReproductionOptions, reproduce, resultsOf } from './reproduction.ts';
export { reproductionScenarios } from './reproduction-scenarios.ts';
export type {
  Estimate,
  ExperimentResult,
  FloorWatch,
  Interval,
  LearnerResult,
  Results,
  UnitResult,
} from './results.ts';
export { runScenario } from './run-scenario.ts';
export { type Scenario, parseScenario, readScenario, shippedScenarios } from './scenario.ts';
export { type Step, everyTenth, stepInWords } from './step.ts';
export { inWords } from './summarise.ts';
