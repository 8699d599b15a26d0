import { lookStepOf, type Placement, type PlannedLook, tightenObjective } from '@weir/domain';
import type { CellObservation } from '../learner.ts';

/** What keeps a joint placement from being one of the observed cell, or undefined. The floor is the learner's to keep. */
export function placementFault(
  placements: ReadonlyMap<string, Placement>,
  observation: CellObservation,
): string | undefined {
  const missing = observation.cell.devices.find(({ id }) => !placements.has(id));
  return faultOf(placements, observation) ?? (missing && `${missing.id} has no placement`);
}

/** The same of second looks, which not every device has. */
export function secondLookFault(
  looks: ReadonlyMap<string, PlannedLook>,
  {
    observation,
    placements,
  }: {
    readonly observation: CellObservation;
    /** Of the first looks. */
    readonly placements: ReadonlyMap<string, Placement>;
  },
): string | undefined {
  const { cell } = observation;
  for (const { id, objective } of cell.devices) {
    const look = looks.get(id);
    if (!look) continue;
    if (tightenObjective(cell.objective, objective).maxLooks < 2) return `${id} is to look at no frame twice`;
    const { placement, marginBelow, curves } = look;
    const step =
      placement &&
      curves === cell.looks?.version &&
      lookStepOf(cell.looks, {
        first: placements.get(id)?.variant ?? '',
        second: placement.variant,
        marginBelow,
      });
    if (!step) return `the second look of ${id} is no step of the cell's curves`;
  }
  return faultOf(new Map([...looks].map(([id, { placement }]) => [id, placement])), observation);
}

function faultOf(
  placements: ReadonlyMap<string, Placement>,
  { cell, devices }: CellObservation,
): string | undefined {
  const known = new Set(cell.devices.map(({ id }) => id));
  for (const id of placements.keys()) if (!known.has(id)) return `there is no device ${id} any more`;
  const nodes = new Map(cell.nodes.map((node) => [node.id, node]));
  const links = new Map(devices.map((device) => [device.deviceId, device.links]));
  for (const device of cell.devices) {
    const placement = placements.get(device.id);
    if (!placement) continue;
    const { tier, nodeId, variant } = placement;
    const says = `${device.id} is placed on ${nodeId} (${tier}) with ${variant}`;
    const { allowedTiers } = tightenObjective(cell.objective, device.objective);
    if (!allowedTiers.includes(tier)) return `${says}; the objective allows ${allowedTiers.join(', ')}`;
    const node = tier === 'device' ? device.local : nodes.get(nodeId);
    if (!node || node.id !== nodeId || node.tier !== tier)
      return `${says}; there is no such node, a device's own is called as the device is`;
    if (!node.variants.includes(variant))
      return `${says}; it serves ${node.variants.join(', ') || 'nothing'}`;
    const link = links.get(device.id)?.find((each) => each.nodeId === nodeId);
    if (tier !== 'device' && !link?.reachable) return `${says}; it cannot be reached from there`;
  }
  return undefined;
}
