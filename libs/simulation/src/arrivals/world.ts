import type { Random } from '@weir/base';
import {
  type ActionCost,
  type Cell,
  type ComputeNode,
  type LookCurves,
  type Objective,
  type Placement,
  type Variant,
  defaultObjective,
} from '@weir/domain';
import { type SimulatedFamily, paperFamily } from '../family.ts';
import type { PictureDrift } from './pictures.ts';
import { type ProfileName, localMs, profiles, remoteMs } from '../profile.ts';

/** The truth about a device. Times in ms. */
export interface WorldDevice {
  readonly id: string;
  /** Frame rate relative to other devices. */
  readonly share: number;
  /** Its own service times are multiplied by this; > 1 is slower. */
  slowdown: number;
  /** `slowdown` at registration, i.e. when it calibrated. */
  readonly registeredSlowdown: number;
  /** Extra network time to each remote node, both ways. */
  readonly extraNetworkMs: Map<string, number>;
  /** False while it is away. */
  present: boolean;
  /** Inferences that its processor runs at once. @default 1 */
  readonly slots?: number;
  /** That its processor serves. @default all */
  readonly variants?: readonly string[];
  /** What it asks beyond the cell. */
  readonly objective?: Partial<Objective> | undefined;
}

/** The truth about a remote node. Times in ms. */
export interface WorldNode {
  readonly id: string;
  readonly tier: 'edge' | 'cloud';
  readonly slots: number;
  /** Network, both ways. */
  readonly networkMs: number;
  slowdown: number;
  down: boolean;
  /** That it serves. @default the world's `remoteVariants` */
  readonly variants?: readonly string[];
}

/** How long inferences take where nothing is slowed down, ms, and what they need. */
export interface Work {
  localMs(device: WorldDevice, variant: Variant): number;
  remoteMs(node: WorldNode, variant: Variant): number;
  /** J; absent: nobody knows. */
  energyJ?(placement: Placement): number;
}

/** The truth about a cell; a drift script changes it in mid-run. */
export interface World {
  readonly variants: readonly Variant[];
  /** What second looks buy; absent: nobody knows, and every first answer stands. */
  readonly looks?: LookCurves | undefined;
  readonly objective: Objective;
  readonly devices: readonly WorldDevice[];
  readonly nodes: readonly WorldNode[];
  readonly work: Work;
  /** Variants that remote nodes serve. */
  readonly remoteVariants: readonly string[];
  /** How its pictures differ from those of the curves. @default not at all */
  pictures?: PictureDrift;
}

export interface WorldOptions {
  readonly profile: ProfileName;
  readonly devices: number;
  readonly accuracyFloor: number;
  /** @default the paper's, without curves */
  readonly family?: SimulatedFamily | undefined;
  /** Looks that a frame may get. @default 2 */
  readonly maxLooks?: number;
  /** True: devices differ in speed by up to a factor of 4 and in frame rate by up to 3. @default false */
  readonly unequal?: boolean;
  /** Indices of the devices with a weak link (+80 ms). @default none */
  readonly weak?: readonly number[];
}

/** A cell at rest. The tiers grow with the number of devices: to five devices one edge and one cloud as in the profile. */
export function createWorld(options: WorldOptions, random: Random): World {
  const {
    devices,
    accuracyFloor,
    unequal = false,
    weak = [],
    maxLooks = defaultObjective.maxLooks,
  } = options;
  const { variants, looks } = options.family ?? { variants: paperFamily };
  const profile = profiles[options.profile];
  return {
    work: {
      localMs: (_device, variant) => localMs(profile, variant, 1),
      remoteMs: ({ tier }, variant) => remoteMs(profile, tier, variant, 1),
    },
    variants,
    looks,
    objective: { ...defaultObjective, accuracyFloor, maxLooks },
    devices: Array.from({ length: devices }, (_, index) => ({
      id: `device-${index + 1}`,
      share: unequal ? 0.5 + random.uniform() : 1,
      ...slowdown(unequal ? 2 ** (2 * random.uniform() - 1) : 1),
      extraNetworkMs: new Map(
        (['edge', 'cloud'] as const).map((id) => [id, weak.includes(index) ? profile.weakMs : 0]),
      ),
      present: true,
    })),
    nodes: (['edge', 'cloud'] as const).map((tier) => ({
      id: tier,
      tier,
      slots: Math.max(1, Math.round((profile[tier].cores * devices) / 5)),
      networkMs: profile[tier].networkMs,
      slowdown: 1,
      down: false,
    })),
    remoteVariants: [bestVariant(variants).name],
  };
}

const slowdown = (factor: number) => ({ slowdown: factor, registeredSlowdown: factor });

export const bestVariant = (variants: readonly Variant[]): Variant =>
  variants.reduce((best, variant) => (variant.accuracy > best.accuracy ? variant : best));

/** Frames per ms of the whole cell that all-best would just sustain. */
export function capacityPerMs({ work, devices, nodes, variants }: World): number {
  const best = bestVariant(variants);
  return (
    devices.reduce((sum, device) => sum + 1 / (device.slowdown * work.localMs(device, best)), 0) +
    nodes.reduce((sum, node) => sum + node.slots / work.remoteMs(node, best), 0)
  );
}

/** Its own processor, as a planner and a dispatcher see it. */
export const localNodeOf = ({ variants }: World, device: WorldDevice): ComputeNode => ({
  id: device.id,
  tier: 'device',
  slots: device.slots ?? 1,
  variants: device.variants ?? variants.map(({ name }) => name),
});

export const variantsAt = ({ remoteVariants }: World, node: WorldNode): readonly string[] =>
  node.variants ?? remoteVariants;

/** The cell as a planner sees it: who is there, not how fast. */
export function cellOf(world: World): Cell {
  const { looks } = world;
  return {
    id: 'cell',
    devices: world.devices
      .filter(({ present }) => present)
      .map((device) => ({
        id: device.id,
        local: localNodeOf(world, device),
        ...(looks && { curves: looks.version }),
        ...(device.objective && { objective: device.objective }),
      })),
    nodes: world.nodes
      .filter(({ down }) => !down)
      .map((node) => ({
        id: node.id,
        tier: node.tier,
        slots: node.slots,
        variants: variantsAt(world, node),
      })),
    variants: world.variants,
    ...(looks && { looks }),
    objective: world.objective,
  };
}

/** Service time without noise, ms. */
export function trueServiceMs(world: World, device: WorldDevice, placement: Placement): number {
  const variant = world.variants.find(({ name }) => name === placement.variant)!;
  if (placement.tier === 'device') return device.slowdown * world.work.localMs(device, variant);
  const node = world.nodes.find(({ id }) => id === placement.nodeId)!;
  return node.slowdown * world.work.remoteMs(node, variant);
}

/** Network time without noise, both ways, ms; 0 on the device. */
export function trueNetworkMs(world: World, device: WorldDevice, nodeId: string): number {
  const node = world.nodes.find(({ id }) => id === nodeId);
  return node ? node.networkMs + (device.extraNetworkMs.get(nodeId) ?? 0) : 0;
}

/** The true current cost of every action open to a device. */
export function trueCosts(world: World, device: WorldDevice): ActionCost[] {
  const placements: Placement[] = [
    ...localNodeOf(world, device).variants.map((variant) => ({
      tier: 'device' as const,
      nodeId: device.id,
      variant,
    })),
    ...world.nodes
      .filter(({ down }) => !down)
      .flatMap((node) =>
        variantsAt(world, node).map((variant) => ({ tier: node.tier, nodeId: node.id, variant })),
      ),
  ];
  return placements.map((placement) => ({
    placement,
    accuracy: world.variants.find(({ name }) => name === placement.variant)!.accuracy,
    serviceMs: trueServiceMs(world, device, placement),
    networkMs: trueNetworkMs(world, device, placement.nodeId),
    energyJ: world.work.energyJ?.(placement) ?? 0,
  }));
}
