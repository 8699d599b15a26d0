import { finish, mapInSteps, type Steps } from '@weir/base';
import {
  type ComputeNode,
  type Device,
  type Objective,
  type Placement,
  type Variant,
  tightenObjective,
} from '@weir/domain';
import type { CellObservation, DeviceObservation, LinkObservation } from './learner.ts';

/**
 * `paper`: every variant on the device, only the best one on remote nodes (10 actions with eight variants and two remote
 * nodes). `full`: every variant wherever it is served.
 */
export type ActionSpace = 'paper' | 'full';

/** Everything that one device may do now. */
export interface OpenActions {
  readonly device: Device;
  readonly observation: DeviceObservation;
  readonly objective: Objective;
  /** True when the device asks for a higher floor than its cell: it then holds for the device alone. */
  readonly ownFloor: boolean;
  readonly local: readonly Variant[];
  readonly remote: readonly RemoteTarget[];
  /** Variants on its own processor whose least certain frames may be looked at again; empty where no frame is. */
  readonly firstLooks: readonly Variant[];
}

export interface RemoteTarget {
  readonly node: ComputeNode;
  /** Index of the node in the cell. */
  readonly target: number;
  readonly link: LinkObservation;
  /** Devices to which the same ones are open at the node share one list. */
  readonly variants: readonly Variant[];
}

/** The actions of every device: tiers allowed, nodes reachable, variants served, a device's own floor kept. `avoids`: nodes that a device is to leave out. */
export const openActions = (...given: Parameters<typeof openActionsInSteps>): OpenActions[] =>
  finish(openActionsInSteps(...given));

/** The same with stops between some devices. */
export function* openActionsInSteps(
  { cell, devices }: CellObservation,
  space: ActionSpace,
  avoids: (deviceId: string, nodeId: string) => boolean = () => false,
): Steps<OpenActions[]> {
  const observations = new Map(devices.map((device) => [device.deviceId, device]));
  const byName = new Map(cell.variants.map((variant) => [variant.name, variant]));
  const served = (node: ComputeNode) => node.variants.flatMap((name) => byName.get(name) ?? []);
  const nodes = new Map(
    cell.nodes.map((node, target) => {
      const variants = space === 'paper' ? bestVariant(served(node)) : served(node);
      return [node.id, { node, target, openTo: sharedLists(variants) }];
    }),
  );
  return yield* mapInSteps(cell.devices, (device) => {
    const observation = observations.get(device.id) ?? unseen(device.id);
    const objective = tightenObjective(cell.objective, device.objective);
    const ownFloor = (device.objective?.accuracyFloor ?? 0) > cell.objective.accuracyFloor;
    const allowed = objective.allowedTiers;
    const remote: RemoteTarget[] = [];
    for (const link of observation.links) {
      const known = nodes.get(link.nodeId);
      if (!known || !link.reachable) continue;
      const { node, target, openTo } = known;
      if (avoids(device.id, node.id) || !allowed.includes(node.tier)) continue;
      const variants = openTo(ownFloor ? objective.accuracyFloor : 0);
      if (variants.length > 0) remote.push({ node, target, link, variants });
    }
    const own = allowed.includes('device') ? served(device.local) : [];
    const local = ownFloor ? own.filter((variant) => meets(variant, objective.accuracyFloor)) : own;
    const looksTwice = cell.looks?.version === device.curves && cell.looks && objective.maxLooks > 1;
    return { device, observation, objective, ownFloor, local, remote, firstLooks: looksTwice ? own : [] };
  });
}

const meets = ({ accuracy }: Variant, floor: number): boolean => accuracy >= floor - 1e-9;

/** Those of the variants that meet a floor: the same list wherever they are the same ones. */
function sharedLists(variants: readonly Variant[]): (floor: number) => readonly Variant[] {
  const byNames = new Map<string, readonly Variant[]>();
  return (floor) => {
    if (variants.every((variant) => meets(variant, floor))) return variants;
    const open = variants.filter((variant) => meets(variant, floor));
    const names = open.map(({ name }) => name).join('\n');
    const known = byNames.get(names);
    if (!known) byNames.set(names, open);
    return known ?? open;
  };
}

/** The most accurate variant; of equals the first. As a list: none or one. */
export function bestVariant(variants: readonly Variant[]): Variant[] {
  const best = variants.reduce<Variant | undefined>(
    (most, variant) => (most && most.accuracy >= variant.accuracy ? most : variant),
    undefined,
  );
  return best ? [best] : [];
}

/** All placements of one device, its own first. */
export function placements({ device, local, remote }: OpenActions): Placement[] {
  return [
    ...local.map(({ name }): Placement => ({ tier: 'device', nodeId: device.id, variant: name })),
    ...remote.flatMap(({ node, variants }) =>
      variants.map(({ name }): Placement => ({ tier: node.tier, nodeId: node.id, variant: name })),
    ),
  ];
}

const unseen = (deviceId: string): DeviceObservation => ({
  deviceId,
  links: [],
  calibration: new Map(),
  framesPerSecond: 0,
  balance: 0,
});
