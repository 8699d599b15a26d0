import type { Random } from '@weir/base';
import {
  type ActionCost,
  type Cell,
  type LookCurves,
  type Objective,
  type Placement,
  type Variant,
  defaultObjective,
} from '@weir/domain';
import { type SimulatedFamily, paperFamily } from '../family.ts';
import { type CostProfile, type ProfileName, localMs, profiles, remoteMs } from '../profile.ts';

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
}

/** The truth about a cell; a drift script changes it in mid-run. */
export interface World {
  readonly variants: readonly Variant[];
  /** What second looks buy; absent: nobody knows, and every first answer stands. */
  readonly looks?: LookCurves | undefined;
  readonly objective: Objective;
  readonly devices: readonly WorldDevice[];
  readonly nodes: readonly WorldNode[];
  readonly profile: CostProfile;
  /** Variants that remote nodes serve. */
  readonly remoteVariants: readonly string[];
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
    profile,
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
export function capacityPerMs(world: World): number {
  const { profile, devices, nodes } = world;
  const best = bestVariant(world.variants);
  return (
    devices.reduce((sum, device) => sum + 1 / localMs(profile, best, device.slowdown), 0) +
    nodes.reduce((sum, { slots, tier }) => sum + slots / remoteMs(profile, tier, best, 1), 0)
  );
}

/** The cell as a planner sees it: who is there, not how fast. */
export function cellOf(world: World): Cell {
  const allNames = world.variants.map(({ name }) => name);
  const { looks } = world;
  return {
    id: 'cell',
    devices: world.devices
      .filter(({ present }) => present)
      .map(({ id }) => ({
        id,
        local: { id, tier: 'device', slots: 1, variants: allNames },
        ...(looks && { curves: looks.version }),
      })),
    nodes: world.nodes
      .filter(({ down }) => !down)
      .map(({ id, tier, slots }) => ({ id, tier, slots, variants: world.remoteVariants })),
    variants: world.variants,
    ...(looks && { looks }),
    objective: world.objective,
  };
}

/** Service time without noise, ms. */
export function trueServiceMs(world: World, device: WorldDevice, placement: Placement): number {
  const variant = world.variants.find(({ name }) => name === placement.variant)!;
  if (placement.tier === 'device') return localMs(world.profile, variant, device.slowdown);
  const node = world.nodes.find(({ id }) => id === placement.nodeId)!;
  return node.slowdown * remoteMs(world.profile, node.tier, variant, 1);
}

/** Network time without noise, both ways, ms; 0 on the device. */
export function trueNetworkMs(world: World, device: WorldDevice, nodeId: string): number {
  const node = world.nodes.find(({ id }) => id === nodeId);
  return node ? node.networkMs + (device.extraNetworkMs.get(nodeId) ?? 0) : 0;
}

/** The true current cost of every action open to a device. */
export function trueCosts(world: World, device: WorldDevice): ActionCost[] {
  const placements: Placement[] = [
    ...world.variants.map(({ name }) => ({ tier: 'device' as const, nodeId: device.id, variant: name })),
    ...world.nodes
      .filter(({ down }) => !down)
      .flatMap(({ id, tier }) => world.remoteVariants.map((variant) => ({ tier, nodeId: id, variant }))),
  ];
  return placements.map((placement) => ({
    placement,
    accuracy: world.variants.find(({ name }) => name === placement.variant)!.accuracy,
    serviceMs: trueServiceMs(world, device, placement),
    networkMs: trueNetworkMs(world, device, placement.nodeId),
    energyJ: 0,
  }));
}
