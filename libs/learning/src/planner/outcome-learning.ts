import type { ComputeNode, Outcome } from '@weir/domain';
import { type Beliefs } from '../beliefs/beliefs.ts';
import { isTime } from '../beliefs/belief-options.ts';
import type { CellObservation, LinkObservation } from '../learner.ts';
import type { EnergyMeans } from './energy.ts';
import type { FailureWatch } from './failures.ts';
import { isAsynchronous } from './frame-shares.ts';
import { foreignLoad } from './node-times.ts';

/** What outcomes teach. */
export interface Taught {
  readonly beliefs: Beliefs;
  readonly energy: EnergyMeans;
  readonly failures: FailureWatch;
}

/**
 * Learns from what devices of that cell report; from others, and from reports that cannot be true, nothing. Returns
 * how many frames were answered, each once, shadow inferences left out.
 */
export function learnOutcomes(
  outcomes: readonly Outcome[],
  observation: CellObservation,
  { beliefs, energy, failures }: Taught,
): number {
  const asynchronous = isAsynchronous(observation);
  const { devices, nodes, links } = namesOf(observation);
  let answered = 0;
  for (const outcome of outcomes) {
    if (!devices.has(outcome.deviceId) || !isCredible(outcome, nodes)) continue;
    const { deviceId, placement, hops, energyJ, concurrency, batchSize, failure } = outcome;
    const { shadow, lookedAgain, firstLook } = outcome;
    const { nodeId, variant, tier } = placement;
    if (tier !== 'device') failures.observe(nodeId, deviceId, failure);
    // When no second look succeeds, the answer of the first stands.
    if (!shadow && !lookedAgain && (failure === undefined || firstLook)) answered++;
    if (failure !== undefined) continue;
    energy.observe(nodeId, variant, energyJ, deviceId);
    const serviceMs = hops.decodeMs + hops.computeMs + (asynchronous ? 0 : hops.queueMs);
    if (tier === 'device') {
      beliefs.observeLocal(deviceId, variant, serviceMs);
      continue;
    }
    // At most all devices of the cell, and a shadow inference: more would open contexts that nobody else can meet.
    const together = Math.min(1 + concurrency, asynchronous ? nodes.get(nodeId)!.slots : devices.size + 1);
    const use = {
      nodeId,
      variant,
      concurrency: together,
      load: foreignLoad(observation, nodeId),
      // The batches of an epoch follow from how many are there together: learned with that.
      batchSize: asynchronous ? (batchSize ?? 1) : 1,
    };
    beliefs.observeCompute(use, serviceMs, deviceId);
    const link = links.get(deviceId)?.find((each) => each.nodeId === nodeId);
    if (!link) continue;
    const { roundTripMs } = link;
    beliefs.observeNetwork(
      { deviceId, nodeId, class: link.class, roundTripMs },
      hops.uplinkMs + hops.downlinkMs,
    );
  }
  return answered;
}

interface Names {
  readonly devices: ReadonlySet<string>;
  readonly nodes: ReadonlyMap<string, ComputeNode>;
  /** By device. */
  readonly links: ReadonlyMap<string, readonly LinkObservation[]>;
}

const known = new WeakMap<CellObservation, Names>();

/** By name, made once: a cell learns many times from one observation. */
function namesOf(observation: CellObservation): Names {
  let names = known.get(observation);
  if (!names) {
    const { cell, devices } = observation;
    names = {
      devices: new Set(cell.devices.map(({ id }) => id)),
      nodes: new Map(cell.nodes.map((node) => [node.id, node])),
      links: new Map(devices.map(({ deviceId, links }) => [deviceId, links])),
    };
    known.set(observation, names);
  }
  return names;
}

/** Whether every number can be true and the placement is one of the cell. */
function isCredible(
  { deviceId, placement: { nodeId, tier }, hops, concurrency, batchSize = 1, failure }: Outcome,
  nodes: ReadonlyMap<string, ComputeNode>,
): boolean {
  const placed = tier === 'device' ? nodeId === deviceId : nodes.get(nodeId)?.tier === tier;
  if (!placed || failure !== undefined) return placed;
  const times = [hops.uplinkMs, hops.queueMs, hops.decodeMs, hops.computeMs, hops.downlinkMs];
  const counts =
    Number.isFinite(concurrency) && concurrency >= 0 && Number.isInteger(batchSize) && batchSize >= 1;
  return counts && times.every(isTime);
}
