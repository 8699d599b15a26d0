export { AccuracyBalance } from './accuracy-balance.ts';
export type { Decision } from './decision.ts';
export { type Dispatcher, createDispatcher } from './dispatcher.ts';
