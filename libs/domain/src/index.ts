export {
  type AccuracyCorrection,
  type FirstLookCorrection,
  correctedAccuracies,
  correctedCurves,
} from './accuracy-correction.ts';
export { asCorrected, correctedCell } from './corrected-cell.ts';
export type { Cell, ComputeNode, Device, FamilyIdentity, Variant } from './cell.ts';
export type { DeviceHello, DeviceState, TruthReport } from './device-messages.ts';
export type { ActionCost, BalanceLedger, BalanceReport, Directive, PlannedLook } from './directive.ts';
export { type Hop, hopColours, hops } from './hops.ts';
export type { Liveness } from './liveness.ts';
export { type LookCurve, type LookCurves, type LookStep, lookStepOf } from './look-curve.ts';
export {
  type NodeLoad,
  type NodeReport,
  type ServiceFigure,
  type TargetReport,
  figuresOf,
  nodeReport,
  withoutVariants,
} from './node-load.ts';
export {
  type Objective,
  defaultObjective,
  leastAuditShare,
  mostLooks,
  tightenObjective,
} from './objective.ts';
export type {
  FirstLook,
  HopTimes,
  NumberedOutcome,
  Outcome,
  OutcomeBatch,
  Reason,
  RefusedOutcome,
} from './outcome.ts';
export type { Placement, Tier } from './placement.ts';
export {
  type Canary,
  mostTrials,
  type Rights,
  type Trial,
  type TrialSide,
  type TrialTruths,
} from './trial.ts';
export type {
  AccuracyRange,
  AuditedAccuracy,
  CellAccuracy,
  CellFigures,
  CellStatus,
  CellSummary,
  DeviceStatus,
  LearnerRestored,
} from './status.ts';
export {
  type ElementType,
  type NamedTensorValue,
  type TensorSpec,
  dataFault,
  decodeStrings,
  elementBytes,
  elementTypes,
  encodeStrings,
  maxTensorBytes,
} from './tensor.ts';
