import { knownAccuracy } from '@weir/cell';
import type { common, policy, telemetry } from '@weir/proto';
import { livenessFromWire, tierName } from '@weir/wire';

/** What the commands of an operator write as JSON, and print. Times in ms, accuracies and shares 0..1. */

export function objectiveDocument(objective: common.Objective | undefined) {
  if (!objective) return null;
  const { allowedTiers, auditShare, ...same } = objective;
  return { ...same, allowedTiers: allowedTiers.map(tierName), auditShare: auditShare ?? null };
}

export const placementDocument = ({ tier, nodeId, variant }: common.Placement) => ({
  tier: tierName(tier),
  node: nodeId,
  variant,
});

export type DeviceDocument = ReturnType<typeof deviceDocument>;
export function deviceDocument({
  deviceId,
  connected,
  planned,
  predictedMs,
  balance,
  secondLook,
}: policy.DevicePlan) {
  const look = secondLook?.placement;
  return {
    id: deviceId,
    connected,
    planned: planned ? placementDocument(planned) : null,
    expectedMs: planned ? predictedMs : null,
    balance,
    secondLook: look ? { ...placementDocument(look), marginBelow: secondLook.marginBelow } : null,
  };
}

export type StatusDocument = ReturnType<typeof statusDocument>;
export function statusDocument(cellId: string, status: policy.WatchLearnerResponse) {
  const { learner, explorationShare, predictionError, planningMs } = status;
  const devices = status.devices.map(deviceDocument);
  return {
    cellId,
    learner,
    objective: objectiveDocument(status.objective),
    accuracy: knownAccuracy(status.accuracy),
    outcomes: Number(status.outcomes),
    plans: Number(status.plans),
    exploringPlans: Number(status.exploringPlans),
    exploringFrames: Number(status.exploringFrames),
    explorationShare,
    predictionError,
    driftAlarms: Number(status.driftAlarms),
    priorCells: Number(status.priorCells),
    planningMs,
    connected: devices.filter(({ connected }) => connected).length,
    devices,
  };
}

export type NodeDocument = ReturnType<typeof nodeDocument>;
export function nodeDocument({ report, liveness, ageMs }: telemetry.NodeState) {
  const { nodeId, tier, host, load, energy, links } = report ?? {};
  return {
    id: nodeId ?? '',
    tier: tierName(tier),
    liveness: livenessFromWire(liveness) ?? 'unknown',
    ageMs,
    cpuUtilization: host?.cpuUtilization ?? null,
    memoryUsedBytes: host?.memoryUsedBytes ?? null,
    powerW: energy?.powerW ?? null,
    load: load
      ? {
          slots: load.slots,
          inService: load.inService,
          queued: load.queued,
          backlogMs: load.backlogMs,
          utilization: load.utilization,
          draining: load.draining,
          variants: load.services.map(({ variant }) => variant),
        }
      : null,
    links: (links ?? []).map(({ peerNodeId, roundTripMs, uplinkBitsPerSecond, reachable }) => ({
      to: peerNodeId,
      reachable,
      roundTripMs,
      uplinkBitsPerSecond: uplinkBitsPerSecond || null,
    })),
  };
}

export type CellDocument = ReturnType<typeof cellDocument>;
export const cellDocument = ({
  plans,
  outcomes,
  bytes,
  joinedAgeMs,
  setAside,
  ...same
}: policy.CellSummary) => ({
  ...same,
  plans: Number(plans),
  outcomes: Number(outcomes),
  bytes: Number(bytes),
  joinedAgeMs: joinedAgeMs ?? null,
  setAside: setAside || null,
});

export type VersionDocument = ReturnType<typeof versionDocument>;
export const versionDocument = ({ version, outcomes, bytes, ...same }: policy.SnapshotVersion) => ({
  version: Number(version),
  ...same,
  outcomes: Number(outcomes),
  bytes: Number(bytes),
});
