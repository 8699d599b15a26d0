import { Violations } from '@weir/base';
import { common, telemetry } from '@weir/proto';
import type { Liveness, NodeState } from './cells.ts';

const maxLinks = 256;
const maxServices = 256;
const tiers: readonly number[] = [common.Tier.DEVICE, common.Tier.EDGE, common.Tier.CLOUD];
const tierNames = 'expected TIER_DEVICE, TIER_EDGE or TIER_CLOUD';

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
  violations.check(tiers.includes(report.tier), 'tier', tierNames);
  checkHost(report.host, violations);
  checkLinks(report.links, violations);
  if (report.load) checkLoad(report.load, report.nodeId, violations);
  checkEnergy(report.energy, violations);
  violations.throwIfAny();
}

/** Throws InvalidInput. */
export function checkCellId(cellId: string): void {
  const violations = new Violations();
  violations.id(cellId, 'cell_id');
  violations.throwIfAny();
}

/** `now` by the clock that took the report, ms. */
export function toNodeState(
  { report, liveness, reportedAt }: NodeState<telemetry.ReportRequest>,
  now: number,
): telemetry.NodeState {
  return { report, liveness: livenessValues[liveness], ageMs: Math.max(0, now - reportedAt) };
}

const livenessValues: Record<Liveness, telemetry.Liveness> = {
  live: telemetry.Liveness.LIVE,
  stale: telemetry.Liveness.STALE,
  gone: telemetry.Liveness.GONE,
};

function checkHost(host: telemetry.HostState | undefined, violations: Violations): void {
  if (!host) return violations.check(false, 'host', 'missing');
  violations.number(host.cpuUtilization, 'host.cpu_utilization', { max: 1 });
  violations.number(host.cpuCount, 'host.cpu_count', { above: true });
  violations.number(host.memoryTotalBytes, 'host.memory_total_bytes', { above: true });
  violations.number(host.memoryUsedBytes, 'host.memory_used_bytes');
  violations.check(
    !(host.memoryUsedBytes > host.memoryTotalBytes),
    'host.memory_used_bytes',
    'more than memory_total_bytes',
  );
}

function checkLinks(links: readonly telemetry.LinkState[], violations: Violations): void {
  for (const [index, link] of violations.list(links, 'links', maxLinks).entries()) {
    violations.id(link.peerNodeId, `links[${index}].peer_node_id`);
    violations.number(link.roundTripMs, `links[${index}].round_trip_ms`);
    violations.number(link.uplinkBitsPerSecond, `links[${index}].uplink_bits_per_second`);
  }
}

function checkLoad(load: common.NodeLoad, nodeId: string, violations: Violations): void {
  violations.check(load.nodeId === nodeId, 'load.node_id', 'expected the node that reports');
  violations.check(tiers.includes(load.tier), 'load.tier', tierNames);
  violations.number(load.slots, 'load.slots', { min: 1 });
  violations.check(load.inService <= load.slots, 'load.in_service', 'more than slots');
  violations.number(load.backlogMs, 'load.backlog_ms');
  violations.number(load.meanBacklogMs, 'load.mean_backlog_ms');
  violations.number(load.congestionPerMs, 'load.congestion_per_ms');
  violations.number(load.utilization, 'load.utilization', { max: 1 });
  const services = violations.list(load.services, 'load.services', maxServices);
  for (const [index, service] of services.entries()) {
    violations.id(service.variant, `load.services[${index}].variant`);
    violations.number(service.serviceMs, `load.services[${index}].service_ms`, { above: true });
    violations.number(service.energyJ, `load.services[${index}].energy_j`);
  }
}

function checkEnergy(energy: telemetry.EnergyState | undefined, violations: Violations): void {
  if (!energy) return violations.check(false, 'energy', 'missing');
  violations.number(energy.powerW, 'energy.power_w');
  violations.number(energy.energyJ, 'energy.energy_j');
  const sources: readonly number[] = [telemetry.EnergySource.RAPL, telemetry.EnergySource.MODEL];
  violations.check(
    sources.includes(energy.source),
    'energy.source',
    'expected ENERGY_SOURCE_RAPL or ENERGY_SOURCE_MODEL',
  );
}
