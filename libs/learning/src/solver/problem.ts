/**
 * Who runs where, as numbers: n devices, any number of shared remote nodes, a price list that depends on how many
 * devices of the cell use a node at once, and one average floor. Costs are in whatever the objective counts (ms when
 * only the mean response time counts).
 */
export interface AssignmentProblem {
  /** Options on the device's own processor, [device]; empty when its frames may not stay there. */
  readonly local: readonly (readonly LocalOption[])[];
  readonly nodes: readonly NodeTable[];
  /** How a device may use a node, [device][node]; undefined when it may not or cannot. */
  readonly remote: readonly (readonly (RemoteAccess | undefined)[])[];
}

export interface LocalOption {
  /** Index of the variant, given back in the solution. */
  readonly variant: number;
  readonly cost: number;
  /** Accuracy above the floor, times the device's weight in the average; the sum over all devices must be >= 0. */
  readonly surplus: number;
}

/** Time at one node by variant and by number of devices of the cell that use it. */
export interface NodeTable {
  /** Most devices that the table knows, >= 0. */
  readonly capacity: number;
  /** Waiting and compute, ms, [variant × (capacity + 1)], row-major; column k: with k devices on the node. */
  readonly ms: Float64Array;
}

/** Cost of an option at count k: offset + weight · ms[variant][k] + extra; forbidden where ms exceeds `limitMs`. */
export interface RemoteAccess {
  readonly offset: number;
  readonly weight: number;
  readonly limitMs: number;
  /** Share one array between devices where it is the same: the large solver then finds a tight bound. */
  readonly options: readonly RemoteOption[];
}

export interface RemoteOption {
  /** Row of the node's table and index of the variant in the solution. */
  readonly variant: number;
  readonly surplus: number;
  readonly extra: number;
}

export interface Assignment {
  /** Node index of each device; -1: its own processor. */
  readonly targets: Int32Array;
  /** Variant index of each device. */
  readonly variants: Int32Array;
  /** Sum over all devices. */
  readonly cost: number;
  /** Sum over all devices, >= 0 up to rounding. */
  readonly surplus: number;
  /** No assignment costs less. */
  readonly lowerBound: number;
  /** (cost − lowerBound) / cost, >= 0; 0 when solved exactly. */
  readonly gap: number;
  /** Multiplier of the floor: cost per unit of surplus; 0 when the floor does not bind. */
  readonly price: number;
}

/** Slack of the floor against rounding, in units of surplus. */
export const floorSlack = 1e-9;

/** Cost at count `k`; Infinity when forbidden there. */
export function remoteCost(
  node: NodeTable,
  access: RemoteAccess,
  { variant, extra }: RemoteOption,
  k: number,
): number {
  return accessCost(access, node.ms[variant * (node.capacity + 1) + k]!, extra);
}

/** The same of a node that takes `ms`. */
export function accessCost(access: RemoteAccess, ms: number, extra: number): number {
  return ms > access.limitMs ? Infinity : access.offset + access.weight * ms + extra;
}
