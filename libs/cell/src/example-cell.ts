import { type CellDescription, describeCell } from './description.ts';

export interface ExampleCellOptions {
  /** @default 3 */
  readonly devices?: number | undefined;
  /** Links of all devices. @default regular */
  readonly profile?: 'regular' | 'weak' | undefined;
  readonly learner?: string | undefined;
  /** 0..1. @default 0 */
  readonly accuracyFloor?: number | undefined;
  /** Looks that a frame may get. @default 2 */
  readonly maxLooks?: number | undefined;
  /** Share of the answers that the most accurate variant checks afterwards, 0..1. @default 0.01 */
  readonly auditShare?: number | undefined;
  readonly seed?: number | undefined;
  /** Port of the first DeviceAgent; the others follow. @default free ones */
  readonly firstPort?: number | undefined;
}

/**
 * Emulated processors, as multiples of a variant's reference time, that reproduce the paper's trade-off on one
 * machine: the device is slow, the edge faster but shared, the cloud fastest but far.
 */
const speeds = {
  device: { dilationFactor: 300 },
  edge: { dilationFactor: 120, slots: 1 },
  cloud: { dilationFactor: 40, slots: 2 },
};

/** The cell that `weir up` brings up: devices, one edge node, one share of the cloud. */
export function exampleCell(options: ExampleCellOptions = {}): CellDescription {
  const { devices = 3, profile = 'regular', learner, accuracyFloor = 0, maxLooks } = options;
  const { auditShare, seed, firstPort } = options;
  return describeCell({
    ...(learner === undefined ? {} : { learner }),
    ...(seed === undefined ? {} : { seed }),
    objective: { accuracyFloor, maxLooks, auditShare },
    nodes: [
      { id: 'edge-1', tier: 'edge', ...speeds.edge },
      { id: 'cloud-1', tier: 'cloud', ...speeds.cloud },
    ],
    devices: Array.from({ length: devices }, (_, index) => ({
      id: `device-${index + 1}`,
      links: profile,
      ...(firstPort === undefined ? {} : { listen: `127.0.0.1:${firstPort + index}` }),
      ...speeds.device,
    })),
  });
}
