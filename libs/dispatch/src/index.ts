export { AccuracyBalance } from './accuracy-balance.ts';
export type { Decision } from './decision.ts';
export type { Dispatcher, Settlement } from './dispatcher.ts';
export type { EjectionChange } from './node-outliers.ts';
export { createDispatcher } from './priced-dispatcher.ts';
