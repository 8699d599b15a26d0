import type { LookCurves } from './look-curve.ts';
import type { Objective } from './objective.ts';
import type { Tier } from './placement.ts';

/** One deployable model of a family, as far as planning needs it. */
export interface Variant {
  readonly name: string;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  readonly precision: 'fp32' | 'int8';
  /** Expected accuracy, 0..1. */
  readonly accuracy: number;
  /** Of what it answers by; absent when unknown. Variants of one name and two checksums are two variants. */
  readonly checksum?: string;
}

/** Which models a device or a node has. */
export interface FamilyIdentity {
  readonly name: string;
  /** Another one whenever a variant comes, goes or has another checksum. */
  readonly version: string;
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
  /** Version of the curves that the device goes by; absent: it knows of no second looks. */
  readonly curves?: string;
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
  /** What second looks buy; absent where nobody knows. */
  readonly looks?: LookCurves;
  readonly objective: Objective;
}
