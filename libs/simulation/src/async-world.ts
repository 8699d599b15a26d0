import type { Random } from '@weir/base';
import type { ActionCost, Cell, Objective, Placement, Tier, Variant } from '@weir/policy';
import { defaultObjective } from '@weir/policy';

/** A device as it really is. Times in ms. */
export interface WorldDevice {
  readonly id: string;
  /** Frames relative to the other devices. */
  readonly share: number;
  /** Its own service times are multiplied by this; > 1 is slower. */
  slowdown: number;
  /** `slowdown` when it registered, i.e. when it measured itself. */
  readonly registeredSlowdown: number;
  /** Extra network time to each remote node, both ways. */
  readonly extraNetworkMs: Map<string, number>;
  /** False while it is away. */
  present: boolean;
}

/** A remote node as it really is. Times in ms. */
export interface WorldNode {
  readonly id: string;
  readonly tier: Tier;
  readonly slots: number;
  /** Service time of the best variant. */
  readonly bestServiceMs: number;
  /** Network, both ways. */
  readonly networkMs: number;
  slowdown: number;
  down: boolean;
}

/** Everything that is true of a cell; a drift script changes it in mid-run. */
export interface World {
  readonly variants: readonly Variant[];
  readonly objective: Objective;
  readonly devices: readonly WorldDevice[];
  readonly nodes: readonly WorldNode[];
  /** Local service of a variant on an undisturbed device. */
  readonly localMs: (variant: Variant) => number;
  /** Variants that remote nodes serve. */
  readonly remoteVariants: readonly string[];
}

const mobileNet = (width: string, millionMacs: number, fp32: number, int8: number): Variant[] => [
  { name: `mobilenet-v1-${width}-fp32`, macs: millionMacs * 1e6, precision: 'fp32', accuracy: fp32 },
  { name: `mobilenet-v1-${width}-int8`, macs: millionMacs * 1e6, precision: 'int8', accuracy: int8 },
];

/** MobileNetV1-224, ImageNet top-5; INT8 as published with the quantised checkpoints (the lower of two sources). */
export const publishedVariants: readonly Variant[] = [
  ...mobileNet('1.0', 569, 0.899, 0.889),
  ...mobileNet('0.75', 317, 0.882, 0.87),
  ...mobileNet('0.5', 150, 0.849, 0.832),
  ...mobileNet('0.25', 41, 0.742, 0.728),
];

export interface WorldOptions {
  /** `contended`: one remote frame uses all cores of its tier; `uncontended`: as many as the tier has cores. */
  readonly profile: 'contended' | 'uncontended';
  readonly devices: number;
  readonly accuracyFloor: number;
  /** True: devices differ in speed by up to a factor of 4 and in frame rate by up to 3. @default false */
  readonly unequal?: boolean;
  /** Indices of the devices with a weak link (+80 ms). @default none */
  readonly weak?: readonly number[];
}

/** Cost profiles of LEARNING.md; the tiers grow with the number of devices, five devices to one edge and one cloud share. */
export function createWorld(options: WorldOptions, random: Random): World {
  const { profile, devices, accuracyFloor, unequal = false, weak = [] } = options;
  const scale = devices / 5;
  const slots = (each: number) => Math.max(1, Math.round(each * scale));
  const [edge, cloud] =
    profile === 'contended'
      ? [
          { slots: slots(1), bestServiceMs: 240, networkMs: 60 },
          { slots: slots(1), bestServiceMs: 260, networkMs: 60 },
        ]
      : [
          { slots: slots(2), bestServiceMs: 210, networkMs: 30 },
          { slots: slots(4), bestServiceMs: 168, networkMs: 80 },
        ];
  const [perMacsMs, int8Speed] = profile === 'contended' ? [478, 1.9] : [408, 1.6];
  return {
    variants: publishedVariants,
    objective: { ...defaultObjective, accuracyFloor },
    devices: Array.from({ length: devices }, (_, index) => ({
      id: `device-${index + 1}`,
      share: unequal ? 0.5 + random.uniform() : 1,
      ...slowdown(unequal ? 2 ** (2 * random.uniform() - 1) : 1),
      extraNetworkMs: new Map(['edge', 'cloud'].map((id) => [id, weak.includes(index) ? 80 : 0])),
      present: true,
    })),
    nodes: [
      { id: 'edge', tier: 'edge', ...edge, slowdown: 1, down: false },
      { id: 'cloud', tier: 'cloud', ...cloud, slowdown: 1, down: false },
    ],
    localMs: ({ macs, precision }) =>
      12 + (perMacsMs * (macs / 569e6)) / (precision === 'int8' ? int8Speed : 1),
    remoteVariants: [bestVariant(publishedVariants).name],
  };
}

const slowdown = (factor: number) => ({ slowdown: factor, registeredSlowdown: factor });

export const bestVariant = (variants: readonly Variant[]): Variant =>
  variants.reduce((best, variant) => (variant.accuracy > best.accuracy ? variant : best));

/** Frames per ms of the whole cell that all-best would just sustain. */
export function capacityPerMs(world: World): number {
  const localMs = world.localMs(bestVariant(world.variants));
  return (
    world.devices.reduce((sum, { slowdown }) => sum + 1 / (localMs * slowdown), 0) +
    world.nodes.reduce((sum, { slots, bestServiceMs }) => sum + slots / bestServiceMs, 0)
  );
}

/** The cell as a planner is told of it: who is there, not how fast. */
export function cellOf(world: World): Cell {
  const allNames = world.variants.map(({ name }) => name);
  return {
    id: 'cell',
    devices: world.devices
      .filter(({ present }) => present)
      .map(({ id }) => ({ id, local: { id, tier: 'device', slots: 1, variants: allNames } })),
    nodes: world.nodes
      .filter(({ down }) => !down)
      .map(({ id, tier, slots }) => ({ id, tier, slots, variants: world.remoteVariants })),
    variants: world.variants,
    objective: world.objective,
  };
}

/** Service time without noise, ms. */
export function trueServiceMs(world: World, device: WorldDevice, placement: Placement): number {
  const variant = world.variants.find(({ name }) => name === placement.variant)!;
  if (placement.tier === 'device') return world.localMs(variant) * device.slowdown;
  const node = world.nodes.find(({ id }) => id === placement.nodeId)!;
  const relative = world.localMs(variant) / world.localMs(bestVariant(world.variants));
  return node.bestServiceMs * node.slowdown * relative;
}

/** Network time without noise, both ways, ms; 0 on the device. */
export function trueNetworkMs(world: World, device: WorldDevice, nodeId: string): number {
  const node = world.nodes.find(({ id }) => id === nodeId);
  return node ? node.networkMs + (device.extraNetworkMs.get(nodeId) ?? 0) : 0;
}

/** What every action open to a device really costs now. */
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
