import type { ActionCost, Placement } from '@weir/domain';
import { type AssignmentProblem, type Plan, dispatchThresholdMs, solveAssignment } from '@weir/learning';
import type { AsyncPlanner } from './run.ts';
import { type World, trueCosts, trueNetworkMs, trueServiceMs } from './world.ts';

/**
 * Plans with the current true costs: the reference for learners. The placements are the exact
 * optimum of the synchronous cell (one frame of every device at once). `obey`: θ = ∞, i.e. the static joint placement.
 */
export function createKnownPlanner(world: World, { obey = false } = {}): AsyncPlanner {
  let observation: Parameters<AsyncPlanner['observe']>[0] | undefined;
  let solved: { readonly truth: string; readonly optimum: StaticOptimum } | undefined;
  const optimum = () => {
    // Solve again only when something has changed.
    const truth = JSON.stringify([world, world.devices.map(({ extraNetworkMs }) => [...extraNetworkMs])]);
    if (solved?.truth !== truth) solved = { truth, optimum: staticOptimum(world) };
    return solved.optimum;
  };
  return {
    name: obey ? 'static' : 'known',
    observe: (seen) => void (observation = seen),
    learn: () => undefined,
    propose(): Plan {
      const actions = new Map(
        world.devices
          .filter(({ present }) => present)
          .map((device) => [device.id, trueCosts(world, device)] as const),
      );
      const { placements, predictedMs, priceMs } = optimum();
      return {
        placements,
        thresholdMs: obey
          ? Infinity
          : dispatchThresholdMs({ observation: observation!, placements, actions }),
        explored: false,
        propensity: 1,
        actions: obey ? new Map<string, readonly ActionCost[]>() : actions,
        accuracyPriceMs: priceMs,
        predictedMs,
      };
    },
  };
}

export interface StaticOptimum {
  readonly placements: ReadonlyMap<string, Placement>;
  readonly predictedMs: ReadonlyMap<string, number>;
  /** Of one frame of every device at once, ms. */
  readonly meanMs: number;
  /** Multiplier of the floor, ms per unit of accuracy. */
  readonly priceMs: number;
}

/** The best joint placement when all devices' frames come at once and share the slots of the tiers that they use. */
export function staticOptimum(world: World): StaticOptimum {
  const devices = world.devices.filter(({ present }) => present);
  const nodes = world.nodes.filter(({ down }) => !down);
  const { variants, objective } = world;
  const surplus = (variant: number) => variants[variant]!.accuracy - objective.accuracyFloor;
  const remote = variants.flatMap(({ name }, variant) =>
    world.remoteVariants.includes(name) ? [variant] : [],
  );
  const options = remote.map((variant) => ({ variant, surplus: surplus(variant), extra: 0 }));
  const place = (device: (typeof devices)[number], target: number, variant: number): Placement =>
    target < 0
      ? { tier: 'device', nodeId: device.id, variant: variants[variant]!.name }
      : { tier: nodes[target]!.tier, nodeId: nodes[target]!.id, variant: variants[variant]!.name };
  const problem: AssignmentProblem = {
    local: devices.map((device) =>
      variants.map((_, variant) => ({
        variant,
        cost: trueServiceMs(world, device, place(device, -1, variant)),
        surplus: surplus(variant),
      })),
    ),
    nodes: nodes.map(({ slots }, target) => ({
      capacity: devices.length,
      ms: Float64Array.from({ length: variants.length * (devices.length + 1) }, (_, cell) => {
        const variant = Math.floor(cell / (devices.length + 1));
        const count = cell % (devices.length + 1);
        return (
          trueServiceMs(world, devices[0]!, place(devices[0]!, target, variant)) * Math.max(1, count / slots)
        );
      }),
    })),
    remote: devices.map((device) =>
      nodes.map(({ id }) => ({
        offset: trueNetworkMs(world, device, id),
        weight: 1,
        limitMs: Infinity,
        options,
      })),
    ),
  };
  const solution = solveAssignment(problem);
  if (!solution) throw new RangeError('no joint placement meets the floor');
  const placements = devices.map((device, index) =>
    place(device, solution.targets[index]!, solution.variants[index]!),
  );
  const counts = nodes.map((_, target) => solution.targets.filter((picked) => picked === target).length);
  const timesMs = devices.map((device, index) => {
    const target = solution.targets[index]!;
    const serviceMs = trueServiceMs(world, device, placements[index]!);
    if (target < 0) return serviceMs;
    return (
      serviceMs * Math.max(1, counts[target]! / nodes[target]!.slots) +
      trueNetworkMs(world, device, nodes[target]!.id)
    );
  });
  return {
    placements: new Map(devices.map(({ id }, index) => [id, placements[index]!])),
    predictedMs: new Map(devices.map(({ id }, index) => [id, timesMs[index]!])),
    meanMs: timesMs.reduce((sum, ms) => sum + ms, 0) / devices.length,
    priceMs: solution.price,
  };
}
