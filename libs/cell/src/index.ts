export { type AgentClient, type Frame, connectAgent } from './agent-client.ts';
export { type RunningCell, type StartCellOptions, startCell } from './cell.ts';
export { isFree } from './free-address.ts';
export { type CellConsole, type StartConsoleOptions, startConsole } from './console.ts';
export type {
  EmulationChange,
  EmulationState,
  FrameFailure,
  FrameRecord,
  FromConsole,
  LinkCondition,
  ToConsole,
} from './console-messages.ts';
export {
  type CellDescription,
  type CellDescriptionInput,
  describeCell,
  readCellDescription,
} from './description.ts';
export { type ExampleCellOptions, exampleCell } from './example-cell.ts';
export { type KnownAccuracy, type MeasuredShare, knownAccuracy } from './known-accuracy.ts';
export type { CellLink } from './links.ts';
export { type MetricsEndpoint, scrapeTargets } from './metrics-endpoints.ts';
export type { ProcessEvent } from './supervised-process.ts';
export { type Arrivals, arrivals } from './arrivals.ts';
export {
  type DriveOptions,
  type Picture,
  type Sample,
  type TensorSample,
  drive,
  inputOf,
  isCorrect,
  shuffled,
} from './drive.ts';
export { type ProcessorTime, processorMeter, processorTime } from './processor-time.ts';
export { type TruthReports, type TruthReportsOptions, startTruthReports } from './truth-reports.ts';
export { type Answer, type Spread, Tally, type Totals } from './tally.ts';
