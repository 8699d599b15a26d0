import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { createEnergyProbe } from './energy-probe.ts';
import { createLinkProbe } from './link-probe.ts';
import { createNodeMonitor } from './node-monitor.ts';

const host = {
  sample: () => ({ cpuUtilization: 0.5, cpuCount: 2, memoryUsedBytes: 1, memoryTotalBytes: 2 }),
};

describe('node monitor', () => {
  it('puts the probes together into one report, energy at the utilization of the same report', () => {
    const clock = new FakeClock();
    const link = createLinkProbe({ peerNodeId: 'edge-1', clock });
    const monitor = createNodeMonitor({
      cellId: 'cell-1',
      nodeId: 'device-1',
      tier: 1 as const,
      host,
      energy: createEnergyProbe({ model: { idleW: 2, busyW: 4 }, source: 'model', clock }),
      load: () => ({ queued: 3 }),
      links: () => [link],
    });
    clock.advance(1_000);
    link.echoed({ payloadBytes: 0, roundTripMs: 7, peerMs: 0 });
    expect(monitor.sample()).toEqual({
      advertisedAddress: '',
      cellId: 'cell-1',
      nodeId: 'device-1',
      tier: 1,
      host: { cpuUtilization: 0.5, cpuCount: 2, memoryUsedBytes: 1, memoryTotalBytes: 2 },
      links: [{ peerNodeId: 'edge-1', roundTripMs: 7, uplinkBitsPerSecond: 0, reachable: true }],
      load: { queued: 3 },
      energy: { powerW: 4, energyJ: 4, source: 2 },
    });
  });

  it('has neither load nor links for a node that runs no models and knows no peers', () => {
    const energy = createEnergyProbe({ model: { idleW: 0, busyW: 0 }, source: 'model' });
    const sample = createNodeMonitor({ cellId: 'c', nodeId: 'n', tier: 2, host, energy }).sample();
    expect(sample).toMatchObject({ load: undefined, links: [] });
  });

  it('takes the utilization of an emulated processor from the node, for its power too', () => {
    const clock = new FakeClock();
    const energy = createEnergyProbe({ model: { idleW: 2, busyW: 4 }, source: 'model', clock });
    const monitor = createNodeMonitor({
      cellId: 'c',
      nodeId: 'n',
      tier: 2,
      host,
      energy,
      cpuUtilization: () => 0.25,
    });
    clock.advance(1_000);
    expect(monitor.sample()).toMatchObject({ host: { cpuUtilization: 0.25 }, energy: { powerW: 3 } });
  });
});
