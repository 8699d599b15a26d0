import type { ComputeNode, LookCurves, Objective, Variant } from '@weir/domain';

/** What is known of a cell besides its journal. Times in ms. */
export interface ReplayCell {
  readonly devices: readonly ReplayDevice[];
  readonly nodes: readonly ReplayNode[];
  readonly variants: readonly Variant[];
  /** Absent: every first answer stands. */
  readonly looks?: LookCurves | undefined;
}

export interface ReplayDevice {
  readonly local: ComputeNode;
  /** Service times by its own calibration, by variant. */
  readonly services: ReadonlyMap<string, number>;
  /** Round trip to each remote node, 0 where not measured; missing: it cannot reach it. */
  readonly roundTripsMs: ReadonlyMap<string, number>;
  /** What it asks beyond the cell. */
  readonly objective?: Partial<Objective> | undefined;
}

export interface ReplayNode {
  readonly node: ComputeNode;
  /** Service times by its own benchmark, by variant. */
  readonly services: ReadonlyMap<string, number>;
}
