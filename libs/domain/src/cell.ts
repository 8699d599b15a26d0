/** Where a node is in the network. */
export type Tier = 'device' | 'edge' | 'cloud';

/** One deployable model of a family, as far as planning needs it. */
export interface Variant {
  readonly name: string;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  readonly precision: 'fp32' | 'int8';
  /** Expected accuracy, 0..1. */
  readonly accuracy: number;
}

/** A node that runs models: a device's own processor, an edge box, a share of the cloud. */
export interface ComputeNode {
  readonly id: string;
  readonly tier: Tier;
  /** Inferences it runs at once, >= 1. */
  readonly slots: number;
  /** Names of the variants it serves. */
  readonly variants: readonly string[];
}

/** A device of a cell. Its own processor is a node that carries the device's id. */
export interface Device {
  readonly id: string;
  readonly local: ComputeNode;
  /** The objective this device requests for itself; only what is stricter than the cell's counts. */
  readonly objective?: Partial<Objective>;
}

/** One edge site: its devices and the remote nodes they share. The unit of learning. */
export interface Cell {
  readonly id: string;
  readonly devices: readonly Device[];
  /** Remote nodes, any number on any tier. */
  readonly nodes: readonly ComputeNode[];
  readonly variants: readonly Variant[];
  readonly objective: Objective;
}

/** A target and a variant for one inference; on the device itself, `nodeId` is the device's id. */
export interface Placement {
  readonly tier: Tier;
  readonly nodeId: string;
  readonly variant: string;
}

/** What an operator asks of a cell, or of one device. */
export interface Objective {
  /** Lowest average accuracy allowed, 0..1; 0 is "no floor". */
  readonly accuracyFloor: number;
  /** Deadline of a request that names none, ms, > 0. */
  readonly deadlineMs: number;
  /** Weights of the mean and of the 95th percentile of the response time, >= 0, not both 0. */
  readonly meanWeight: number;
  readonly tailWeight: number;
  /** Price of energy, ms per J, >= 0. */
  readonly energyMsPerJ: number;
  /** Tiers that frames may use; never empty. */
  readonly allowedTiers: readonly Tier[];
}

/** Fastest mean response, no floor, every tier, ten seconds a frame. */
export const defaultObjective: Objective = {
  accuracyFloor: 0,
  deadlineMs: 10_000,
  meanWeight: 1,
  tailWeight: 0,
  energyMsPerJ: 0,
  allowedTiers: ['device', 'edge', 'cloud'],
};
