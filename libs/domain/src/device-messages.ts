import type { BalanceReport, ComputeNode, NodeLoad, Objective, Outcome, Variant } from '@weir/domain';

/** A node as somebody reports it. */
export interface NodeReport {
  readonly node: ComputeNode;
  readonly load: NodeLoad;
  /** Service times by the node's own benchmark, ms per variant. */
  readonly services: ReadonlyMap<string, number>;
  /** True while it takes no new work. */
  readonly draining: boolean;
}

/** A remote node and the link to it, as one agent sees them. */
export interface TargetReport {
  readonly report: NodeReport;
  /** Round trip of a small message, ms; 0 when not yet measured. */
  readonly roundTripMs: number;
  readonly reachable: boolean;
}

/** A device joins its cell. */
export interface DeviceHello {
  readonly deviceId: string;
  /** This run of the agent. */
  readonly instanceId: string;
  readonly local: NodeReport;
  readonly variants: readonly Variant[];
  readonly targets: readonly TargetReport[];
  /** What the device asks beyond its cell. */
  readonly objective?: Partial<Objective>;
}

/** How an agent stands; what is absent stays as it was. */
export interface DeviceState {
  readonly balance?: BalanceReport;
  readonly framesPerSecond: number;
  readonly arrivalVariability: number;
  readonly targets: readonly TargetReport[];
  readonly local?: NodeReport;
}

/** An outcome with its number, or with the faults that make it worthless. */
export type NumberedOutcome =
  | { readonly sequence: number; readonly outcome: Outcome }
  | { readonly sequence: number; readonly faults: readonly string[] };

/** Outcomes of one agent instance. */
export interface OutcomeBatch {
  readonly outcomes: readonly NumberedOutcome[];
  /** Oldest sequence that may still come; 0 when not known. */
  readonly oldestPending: number;
}
