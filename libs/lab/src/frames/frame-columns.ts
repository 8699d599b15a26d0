import type { FrameRecord } from './frame-record.ts';

/** Types of columns, as Parquet names them. */
export type ColumnType = 'STRING' | 'DOUBLE' | 'INT32' | 'INT64' | 'BOOLEAN';

export interface FrameColumn {
  readonly name: keyof FrameRecord;
  readonly type: ColumnType;
}

// A record, so that the compiler misses a column that has no type.
const types: Readonly<Record<keyof FrameRecord, ColumnType>> = {
  experiment: 'STRING',
  seed: 'INT32',
  accuracyFloor: 'DOUBLE',
  learner: 'STRING',
  phase: 'STRING',
  block: 'INT32',
  epoch: 'INT32',
  atMs: 'DOUBLE',
  deviceId: 'STRING',
  picture: 'STRING',
  label: 'STRING',
  answer: 'STRING',
  correct: 'BOOLEAN',
  expectedAccuracy: 'DOUBLE',
  tier: 'STRING',
  nodeId: 'STRING',
  variant: 'STRING',
  looks: 'INT32',
  firstVariant: 'STRING',
  firstMargin: 'DOUBLE',
  agreed: 'BOOLEAN',
  responseMs: 'DOUBLE',
  agentMs: 'DOUBLE',
  uplinkMs: 'DOUBLE',
  queueMs: 'DOUBLE',
  decodeMs: 'DOUBLE',
  computeMs: 'DOUBLE',
  downlinkMs: 'DOUBLE',
  clientMs: 'DOUBLE',
  energyJ: 'DOUBLE',
  concurrency: 'INT32',
  reason: 'STRING',
  propensity: 'DOUBLE',
  directiveVersion: 'INT64',
  leaseExpired: 'BOOLEAN',
  predictedMs: 'DOUBLE',
  costMs: 'DOUBLE',
  plannedCostMs: 'DOUBLE',
  balance: 'DOUBLE',
  failedAttempts: 'STRING',
  failure: 'STRING',
  failureMessage: 'STRING',
};

/** In the order in which files have them; docs/lab.md says what they mean. */
export const frameColumns: readonly FrameColumn[] = Object.entries(types).map(([name, type]) => ({
  name: name as keyof FrameRecord,
  type,
}));
