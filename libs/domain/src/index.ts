export {
  type Cell,
  type ComputeNode,
  type Device,
  type Objective,
  type Placement,
  type Tier,
  type Variant,
  defaultObjective,
} from './cell.ts';
export type { ActionCost, BalanceLedger, BalanceReport, Directive } from './directive.ts';
export { type Hop, hopColours, hops } from './hops.ts';
export type { NodeLoad } from './node-load.ts';
export type { HopTimes, Outcome, Reason } from './outcome.ts';
export { tightenObjective } from './objective.ts';
