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
  readonly link: LinkObservation;
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
  return yield* mapInSteps(cell.devices, (device) => {
    const observation = observations.get(device.id) ?? unseen(device.id);
    const objective = tightenObjective(cell.objective, device.objective);
    const ownFloor = (device.objective?.accuracyFloor ?? 0) > cell.objective.accuracyFloor;
    const accurate = ({ accuracy }: Variant) => !ownFloor || accuracy >= objective.accuracyFloor - 1e-9;
    const allowed = objective.allowedTiers;
    const remote = observation.links.flatMap((link) => {
      const node = cell.nodes.find(({ id }) => id === link.nodeId);
      if (!node || !link.reachable || avoids(device.id, node.id) || !allowed.includes(node.tier)) return [];
      const variants = (space === 'paper' ? bestVariant(served(node)) : served(node)).filter(accurate);
      return variants.length > 0 ? [{ node, link, variants }] : [];
    });
    const own = allowed.includes('device') ? served(device.local) : [];
    const local = own.filter(accurate);
    const looksTwice = cell.looks?.version === device.curves && cell.looks && objective.maxLooks > 1;
    return { device, observation, objective, ownFloor, local, remote, firstLooks: looksTwice ? own : [] };
  });
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
