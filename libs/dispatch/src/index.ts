export { AccuracyBalance } from './accuracy-balance.ts';
export type { Decision, LookAgain } from './decision.ts';
export type { Dispatcher, DispatchFamily, DispatchOptions, Hedge, Settlement } from './dispatcher.ts';
export type { ExplainedAction, Explanation } from './explanation.ts';
export type { EjectionChange } from './node-outliers.ts';
export { createDispatcher } from './priced-dispatcher.ts';
export { OutcomePause } from './outcome-pause.ts';
export { StateReports, statePeriodMs } from './state-reports.ts';
