import { common, telemetry } from '@weir/proto';

/** A valid report; override what a test is about. */
export const report = (given: Partial<telemetry.ReportRequest> = {}): telemetry.ReportRequest => ({
  cellId: 'cell-1',
  nodeId: 'edge-1',
  tier: common.Tier.EDGE,
  host: { cpuUtilization: 0.25, cpuCount: 2, memoryUsedBytes: 1_000, memoryTotalBytes: 4_000 },
  links: [{ peerNodeId: 'cloud-1', roundTripMs: 21.5, uplinkBitsPerSecond: 1e7, reachable: true }],
  load: load(),
  energy: { powerW: 12.5, energyJ: 100, source: telemetry.EnergySource.MODEL },
  advertisedAddress: '',
  agent: undefined,
  ...given,
});

export const load = (given: Partial<common.NodeLoad> = {}): common.NodeLoad => ({
  nodeId: 'edge-1',
  tier: common.Tier.EDGE,
  slots: 2,
  inService: 1,
  queued: 3,
  backlogMs: 40,
  meanBacklogMs: 35,
  congestionPerMs: 0.02,
  utilization: 0.5,
  services: [{ variant: 'mobilenet-v1-0.25-fp32', serviceMs: 12, energyJ: 0.3 }],
  draining: false,
  instanceId: '',
  familyVersion: '',
  ...given,
});
