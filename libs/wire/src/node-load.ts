import type { Violations } from '@weir/base';
import type { HopTimes, Objective, Placement, Reason, Tier } from '@weir/domain';
import { agent, common } from '@weir/proto';
import type { NodeReport } from './sessions/agent-messages.ts';
import { maxMs, uniqueKeys } from './wire-limits.ts';

/** The words that all messages share, proto ↔ domain. `…FromWire` notes faults in `violations` and goes on. */

const maxServices = 256;

const tiers: Readonly<Record<Tier, common.Tier>> = {
  device: common.Tier.DEVICE,
  edge: common.Tier.EDGE,
  cloud: common.Tier.CLOUD,
};
const reasons: Readonly<Record<Reason, agent.Reason>> = {
  planned: agent.Reason.PLANNED,
  explored: agent.Reason.EXPLORED,
  deviated: agent.Reason.DEVIATED,
  fallback: agent.Reason.FALLBACK,
};
const tierNames = new Map(Object.entries(tiers).map(([name, value]) => [value, name as Tier]));
const reasonNames = new Map(Object.entries(reasons).map(([name, value]) => [value, name as Reason]));

export const tierToWire = (tier: Tier): common.Tier => tiers[tier];

export function tierFromWire(tier: common.Tier, field: string, violations: Violations): Tier {
  const name = tierNames.get(tier);
  violations.check(name !== undefined, field, 'expected TIER_DEVICE, TIER_EDGE or TIER_CLOUD');
  return name ?? 'device';
}

export const reasonToWire = (reason: Reason): agent.Reason => reasons[reason];

export function reasonFromWire(reason: agent.Reason, field: string, violations: Violations): Reason {
  const name = reasonNames.get(reason);
  violations.check(name !== undefined, field, 'expected REASON_PLANNED, _EXPLORED, _DEVIATED or _FALLBACK');
  return name ?? 'planned';
}

export const placementToWire = ({ tier, nodeId, variant }: Placement): common.Placement => ({
  tier: tiers[tier],
  nodeId,
  variant,
});

/** `deviceId`: whose placement it is; a placement on the device carries its id. */
export function placementFromWire(
  placement: common.Placement | undefined,
  field: string,
  violations: Violations,
  deviceId?: string,
): Placement {
  if (!placement) {
    violations.check(false, field, 'missing');
    return { tier: 'device', nodeId: '', variant: '' };
  }
  const { nodeId, variant } = placement;
  const tier = tierFromWire(placement.tier, `${field}.tier`, violations);
  violations.id(nodeId, `${field}.node_id`);
  violations.id(variant, `${field}.variant`);
  if (deviceId !== undefined && tierNames.has(placement.tier))
    violations.check(
      (tier === 'device') === (nodeId === deviceId),
      `${field}.node_id`,
      tier === 'device' ? 'expected the id of the device' : 'expected a remote node, got the device itself',
    );
  return { tier, nodeId, variant };
}

export const hopsToWire = (hops: HopTimes): common.HopTimings => ({ ...hops });

export function hopsFromWire(
  hops: common.HopTimings | undefined,
  field: string,
  violations: Violations,
): HopTimes {
  if (!hops) {
    violations.check(false, field, 'missing');
    return { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: 0, downlinkMs: 0 };
  }
  const { agentMs, uplinkMs, queueMs, decodeMs, computeMs, downlinkMs } = hops;
  const times = { agentMs, uplinkMs, queueMs, decodeMs, computeMs, downlinkMs };
  for (const [key, value] of Object.entries(times))
    violations.number(value, `${field}.${snakeCase(key)}`, { max: maxMs });
  return times;
}

export const objectiveToWire = (objective: Objective): common.Objective => ({
  ...objective,
  allowedTiers: objective.allowedTiers.map(tierToWire),
});

export function objectiveFromWire(
  objective: common.Objective | undefined,
  field: string,
  violations: Violations,
): Objective {
  if (!objective) {
    violations.check(false, field, 'missing');
    return { ...noObjective };
  }
  const { accuracyFloor, deadlineMs, meanWeight, tailWeight, energyMsPerJ } = objective;
  violations.number(accuracyFloor, `${field}.accuracy_floor`, { max: 1 });
  violations.number(deadlineMs, `${field}.deadline_ms`, { above: true, max: maxMs });
  violations.number(meanWeight, `${field}.mean_weight`, { max: 1e9 });
  violations.number(tailWeight, `${field}.tail_weight`, { max: 1e9 });
  violations.check(
    meanWeight !== 0 || tailWeight !== 0,
    `${field}.mean_weight`,
    'mean_weight and tail_weight are both 0: nothing is asked for',
  );
  violations.number(energyMsPerJ, `${field}.energy_ms_per_j`, { max: 1e9 });
  violations.check(
    objective.allowedTiers.length > 0,
    `${field}.allowed_tiers`,
    'expected at least one tier; name all three to allow all',
  );
  const allowed = violations
    .list(objective.allowedTiers, `${field}.allowed_tiers`, 16)
    .map((tier, index) => tierFromWire(tier, `${field}.allowed_tiers[${index}]`, violations));
  return {
    accuracyFloor,
    deadlineMs,
    meanWeight,
    tailWeight,
    energyMsPerJ,
    allowedTiers: [...new Set(allowed)],
  };
}

const noObjective: Objective = {
  accuracyFloor: 0,
  deadlineMs: 1,
  meanWeight: 1,
  tailWeight: 0,
  energyMsPerJ: 0,
  allowedTiers: ['device'],
};

export function nodeFromWire(
  load: common.NodeLoad | undefined,
  field: string,
  violations: Violations,
): NodeReport {
  if (!load) {
    violations.check(false, field, 'missing');
    load = common.NodeLoad.create();
  } else {
    violations.id(load.nodeId, `${field}.node_id`);
    violations.number(load.slots, `${field}.slots`, { min: 1, max: 1_000_000 });
    violations.check(load.inService <= load.slots, `${field}.in_service`, 'more than slots');
    violations.number(load.backlogMs, `${field}.backlog_ms`, { max: maxMs });
    violations.number(load.meanBacklogMs, `${field}.mean_backlog_ms`, { max: maxMs });
    violations.number(load.congestionPerMs, `${field}.congestion_per_ms`, { max: 1e9 });
    violations.number(load.utilization, `${field}.utilization`, { max: 1 });
    tierFromWire(load.tier, `${field}.tier`, violations);
  }
  const services = violations.list(load.services, `${field}.services`, maxServices);
  uniqueKeys(
    violations,
    services.map(({ variant }) => variant),
    `${field}.services`,
  );
  for (const [index, service] of services.entries()) {
    violations.id(service.variant, `${field}.services[${index}].variant`);
    violations.number(service.serviceMs, `${field}.services[${index}].service_ms`, {
      above: true,
      max: maxMs,
    });
    violations.number(service.energyJ, `${field}.services[${index}].energy_j`, { max: 1e9 });
  }
  const { nodeId, slots, inService, queued, backlogMs, meanBacklogMs, congestionPerMs, utilization } = load;
  return {
    node: {
      id: nodeId,
      tier: tierNames.get(load.tier) ?? 'device',
      slots,
      variants: services.map(({ variant }) => variant),
    },
    load: { nodeId, slots, inService, queued, backlogMs, meanBacklogMs, congestionPerMs, utilization },
    services: new Map(services.map(({ variant, serviceMs }) => [variant, serviceMs])),
    draining: load.draining,
  };
}

/** `energyJ` is not part of what planning keeps of a node, hence 0 (unknown). */
export function nodeToWire({ node, load, services, draining }: NodeReport): common.NodeLoad {
  return {
    ...load,
    tier: tiers[node.tier],
    services: [...services].map(([variant, serviceMs]) => ({ variant, serviceMs, energyJ: 0 })),
    draining,
  };
}

const snakeCase = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
