import { FakeClock } from '@weir/base';
import { common, telemetry } from '@weir/proto';
import { createEnergyProbe, createHostProbe, createLinkProbe, createNodeMonitor } from '@weir/telemetry';
import { checkReport } from '@weir/wire';
import { describe, it } from 'vitest';
import { load } from './report.fixture.ts';

describe('checkReport', () => {
  it('takes what a node monitor samples', () => {
    const clock = new FakeClock();
    const monitor = createNodeMonitor<common.Tier, common.NodeLoad>({
      cellId: 'cell-1',
      nodeId: 'edge-1',
      tier: common.Tier.EDGE,
      host: createHostProbe(),
      energy: createEnergyProbe({ model: { idleW: 1, busyW: 1 } }),
      load,
      links: () => [createLinkProbe({ peerNodeId: 'cloud-1', clock })],
    });
    const sample: telemetry.ReportRequest = { ...monitor.sample(), agent: undefined };
    checkReport(telemetry.ReportRequest.decode(telemetry.ReportRequest.encode(sample).finish()));
  });
});
