export type { Results, UnitResult } from './results.ts';
