import type { ActionCost, LookStep, Placement, PlannedLook } from '@weir/domain';
import { type AssignmentProblem, type Plan, dispatchThresholdMs, solveAssignment } from '@weir/learning';
import type { AsyncPlanner } from './run.ts';
import { type World, type WorldDevice, trueCosts, trueNetworkMs, trueServiceMs } from './world.ts';

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
      const { placements, secondLooks, predictedMs, priceMs } = optimum();
      return {
        placements,
        secondLooks,
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
  /** Of devices that look again by themselves. */
  readonly secondLooks: ReadonlyMap<string, PlannedLook>;
  readonly predictedMs: ReadonlyMap<string, number>;
  /** Of one frame of every device at once, ms. */
  readonly meanMs: number;
  /** Multiplier of the floor, ms per unit of accuracy. */
  readonly priceMs: number;
}

/** What a device does with its frames: a first look, and perhaps a second at some of them. */
interface Choice {
  readonly variant: string;
  readonly accuracy: number;
  /** On the device itself: a node's share of second looks is no whole number of devices. */
  readonly again?: { readonly variant: string; readonly step: LookStep; readonly curves: string };
}

/** One look by each variant, then every step of every curve. */
function choicesOf({ variants, looks, objective }: World): readonly Choice[] {
  const once = variants.map(({ name, accuracy }): Choice => ({ variant: name, accuracy }));
  if (!looks || objective.maxLooks < 2) return once;
  const accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
  const twice = looks.curves.flatMap(({ first, second, steps }) =>
    steps.map((step): Choice => ({
      variant: first,
      accuracy: accuracyOf.get(first)! + step.gain,
      again: { variant: second, step, curves: looks.version },
    })),
  );
  return [...once, ...twice];
}

/**
 * The best joint placement when all devices' frames come at once and share the slots of the tiers that they use; second
 * looks on the device only.
 */
export function staticOptimum(world: World): StaticOptimum {
  const devices = world.devices.filter(({ present }) => present);
  const nodes = world.nodes.filter(({ down }) => !down);
  const { variants, objective } = world;
  const choices = choicesOf(world);
  const surplus = ({ accuracy }: Pick<Choice, 'accuracy'>) => accuracy - objective.accuracyFloor;
  const remote = variants.flatMap((variant, index) =>
    world.remoteVariants.includes(variant.name)
      ? [{ variant: index, surplus: surplus(variant), extra: 0 }]
      : [],
  );
  const place = (device: WorldDevice, target: number, variant: string): Placement =>
    target < 0
      ? { tier: 'device', nodeId: device.id, variant }
      : { tier: nodes[target]!.tier, nodeId: nodes[target]!.id, variant };
  const localMs = (device: WorldDevice, { variant, again }: Choice): number => {
    const firstMs = trueServiceMs(world, device, place(device, -1, variant));
    return again
      ? firstMs + again.step.share * trueServiceMs(world, device, place(device, -1, again.variant))
      : firstMs;
  };
  const problem: AssignmentProblem = {
    local: devices.map((device) =>
      choices.map((choice, index) => ({
        variant: index,
        cost: localMs(device, choice),
        surplus: surplus(choice),
      })),
    ),
    nodes: nodes.map(({ slots }, target) => ({
      capacity: devices.length,
      ms: Float64Array.from({ length: variants.length * (devices.length + 1) }, (_, cell) => {
        const { name } = variants[Math.floor(cell / (devices.length + 1))]!;
        const count = cell % (devices.length + 1);
        return (
          trueServiceMs(world, devices[0]!, place(devices[0]!, target, name)) * Math.max(1, count / slots)
        );
      }),
    })),
    remote: devices.map((device) =>
      nodes.map(({ id }) => ({
        offset: trueNetworkMs(world, device, id),
        weight: 1,
        limitMs: Infinity,
        options: remote,
      })),
    ),
  };
  const solution = solveAssignment(problem);
  if (!solution) throw new RangeError('no joint placement meets the floor');
  const chosen = devices.map((_, index) => choices[solution.variants[index]!]!);
  const placements = devices.map((device, index) =>
    place(device, solution.targets[index]!, chosen[index]!.variant),
  );
  const counts = nodes.map((_, target) => solution.targets.filter((picked) => picked === target).length);
  const timesMs = devices.map((device, index) => {
    const target = solution.targets[index]!;
    if (target < 0) return localMs(device, chosen[index]!);
    return (
      trueServiceMs(world, device, placements[index]!) * Math.max(1, counts[target]! / nodes[target]!.slots) +
      trueNetworkMs(world, device, nodes[target]!.id)
    );
  });
  const secondLooks = devices.flatMap((device, index): [string, PlannedLook][] => {
    const { again } = chosen[index]!;
    if (!again) return [];
    const { curves, step } = again;
    return [
      [device.id, { placement: place(device, -1, again.variant), marginBelow: step.marginBelow, curves }],
    ];
  });
  return {
    placements: new Map(devices.map(({ id }, index) => [id, placements[index]!])),
    secondLooks: new Map(secondLooks),
    predictedMs: new Map(devices.map(({ id }, index) => [id, timesMs[index]!])),
    meanMs: timesMs.reduce((sum, ms) => sum + ms, 0) / devices.length,
    priceMs: solution.price,
  };
}
