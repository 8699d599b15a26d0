/** Power of a node, linear in the utilization of its processors. Source: Fan, Weber & Barroso 2007. */
export interface PowerModel {
  /** Power of the idle node, W, >= 0. */
  readonly idleW: number;
  /** Power that full utilization adds to it, W, >= 0. */
  readonly busyW: number;
}

/** Power at a utilization of 0..1, W. */
export const modelPowerW = ({ idleW, busyW }: PowerModel, cpuUtilization: number): number =>
  idleW + busyW * Math.min(1, Math.max(0, cpuUtilization));

/**
 * Used where there are neither counters nor a model of the actual hardware. Assumptions of a plausible size (a
 * single-board computer, a small box, a tenant's share of a server), not measurements: configure the node's own figures
 * where energy matters.
 */
export const assumedPowerModels: Readonly<Record<'device' | 'edge' | 'cloud', PowerModel>> = {
  device: { idleW: 2, busyW: 4 },
  edge: { idleW: 10, busyW: 30 },
  cloud: { idleW: 30, busyW: 90 },
};
