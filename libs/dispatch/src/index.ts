export { AccuracyBalance } from './accuracy-balance.ts';
export type { Decision } from './decision.ts';
export type { Dispatcher } from './dispatcher.ts';
export { createDispatcher } from './priced-dispatcher.ts';
