import { Violations } from '@weir/base';
import type { Liveness } from '@weir/domain';
import { common, telemetry } from '@weir/proto';
import { checkAgentReport } from './agent-report.ts';
import { advertisedAddressFault } from './discovered-targets.ts';
import { limits } from './limits.ts';
import { livenessToWire } from './liveness.ts';
import { nodeFromWire } from './node-load.ts';
import { tierFromWire } from './tier.ts';

/** Throws InvalidInput, naming every fault. `previous` is the stream's report before this one, of the same node. */
export function checkReport(report: telemetry.ReportRequest, previous?: telemetry.ReportRequest): void {
  const violations = new Violations();
  violations.id(report.cellId, 'cell_id');
  violations.id(report.nodeId, 'node_id');
  if (previous) {
    const sameNode = 'a stream carries the reports of one node';
    violations.check(report.cellId === previous.cellId, 'cell_id', sameNode);
    violations.check(report.nodeId === previous.nodeId, 'node_id', sameNode);
  }
  tierFromWire(report.tier, 'tier', violations);
  checkAdvertised(report, violations);
  checkHost(report.host, violations);
  checkLinks(report.links, violations);
  if (report.load) checkLoad(report.load, report.nodeId, violations);
  checkEnergy(report.energy, violations);
  checkAgentReport(report, violations);
  violations.throwIfAny();
}

/** `now` by the clock that took the report, ms. */
export function nodeStateToWire(
  {
    report,
    liveness,
    reportedAt,
  }: {
    readonly report: telemetry.ReportRequest;
    readonly liveness: Liveness;
    readonly reportedAt: number;
  },
  now: number,
): telemetry.NodeState {
  return { report, liveness: livenessToWire(liveness), ageMs: Math.max(0, now - reportedAt) };
}

function checkAdvertised({ advertisedAddress, tier }: telemetry.ReportRequest, violations: Violations): void {
  if (advertisedAddress === '') return;
  const fault = advertisedAddressFault(advertisedAddress);
  violations.check(fault === undefined, 'advertised_address', fault ?? '');
  violations.check(
    tier !== common.Tier.DEVICE,
    'advertised_address',
    'of a worker alone, and this is a device',
  );
}

function checkHost(host: telemetry.HostState | undefined, violations: Violations): void {
  if (!host) return void violations.check(false, 'host', 'missing');
  violations.number(host.cpuUtilization, 'host.cpu_utilization', { max: 1 });
  violations.number(host.cpuCount, 'host.cpu_count', { above: true, max: limits.cpuCount });
  violations.number(host.memoryTotalBytes, 'host.memory_total_bytes', { above: true, max: limits.bytes });
  violations.number(host.memoryUsedBytes, 'host.memory_used_bytes', { max: limits.bytes });
  violations.check(
    !(host.memoryUsedBytes > host.memoryTotalBytes),
    'host.memory_used_bytes',
    'more than memory_total_bytes',
  );
}

function checkLinks(links: readonly telemetry.LinkState[], violations: Violations): void {
  for (const [index, link] of violations.list(links, 'links', limits.links).entries()) {
    violations.id(link.peerNodeId, `links[${index}].peer_node_id`);
    violations.number(link.roundTripMs, `links[${index}].round_trip_ms`, { max: limits.ms });
    violations.number(link.uplinkBitsPerSecond, `links[${index}].uplink_bits_per_second`, {
      max: limits.bitsPerSecond,
    });
  }
}

/** A report is as good as all of its figures: any fault of the load is one of the report. */
function checkLoad(load: common.NodeLoad, nodeId: string, violations: Violations): void {
  const { node } = nodeFromWire(load, 'load', { faults: violations, told: violations });
  violations.check(node.id === nodeId, 'load.node_id', 'expected the node that reports');
}

function checkEnergy(energy: telemetry.EnergyState | undefined, violations: Violations): void {
  if (!energy) return void violations.check(false, 'energy', 'missing');
  violations.number(energy.powerW, 'energy.power_w', { max: limits.powerW });
  violations.number(energy.energyJ, 'energy.energy_j', { max: limits.totalEnergyJ });
  const sources: readonly number[] = [telemetry.EnergySource.RAPL, telemetry.EnergySource.MODEL];
  violations.check(
    sources.includes(energy.source),
    'energy.source',
    'expected ENERGY_SOURCE_RAPL or ENERGY_SOURCE_MODEL',
  );
}
