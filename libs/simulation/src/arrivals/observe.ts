import type { Random } from '@weir/base';
import type { Placement, Variant } from '@weir/domain';
import { type CellObservation, idleFramesPerSecond, type LinkObservation } from '@weir/learning';
import type { AsyncAgent } from './agent.ts';
import type { SlotNode } from './node.ts';
import type { TimeNoise } from './time-noise.ts';
import {
  type World,
  type WorldDevice,
  cellOf,
  localNodeOf,
  trueNetworkMs,
  trueServiceMs,
  variantsAt,
} from './world.ts';

/** A link with a round trip beyond this counts as weak, ms: half of what a weak link adds, above the longest regular one. */
const WEAK_ROUND_TRIP_MS = 120;

export interface ObserveOptions {
  readonly world: World;
  readonly agents: readonly AsyncAgent[];
  readonly nodes: readonly SlotNode[];
  readonly now: number;
  /** False: neither devices nor nodes have calibrated their service times. */
  readonly calibrated: boolean;
  readonly noise: TimeNoise;
  readonly random: Random;
}

/** What monitors report about a cell: pings, loads, calibrations and the agents' states. */
export function observeWorld(options: ObserveOptions): CellObservation {
  const { world, agents, nodes, now, calibrated, noise, random } = options;
  const cell = cellOf(world);
  return {
    at: now,
    cell,
    devices: agents
      .filter(({ device }) => device.present)
      .map(({ device, dispatcher }) => {
        const status = dispatcher.status(now);
        const measured = (placement: Placement) =>
          trueServiceMs(world, device, placement) * noise('service', random);
        return {
          deviceId: device.id,
          links: world.nodes.map((node): LinkObservation => {
            const roundTripMs = trueNetworkMs(world, device, node.id) * noise('network', random);
            return {
              nodeId: node.id,
              reachable: !node.down,
              roundTripMs,
              class: roundTripMs > WEAK_ROUND_TRIP_MS ? 'weak' : 'regular',
              services: new Map(
                calibrated
                  ? variantsAt(world, node).map((variant) => [
                      variant,
                      measured({ tier: node.tier, nodeId: node.id, variant }),
                    ])
                  : [],
              ),
            };
          }),
          calibration: calibrated ? calibrationOf(world, device) : new Map<string, number>(),
          framesPerSecond: Math.max(idleFramesPerSecond, status.framesPerSecond),
          arrivalVariability: status.arrivalVariability,
          balance: status.balance.balance,
        };
      }),
    loads: [...nodes.filter(({ down }) => !down), ...agents.map(({ local }) => local)].map((node) =>
      node.load(),
    ),
  };
}

/**
 * The calibration at registration: the best FP32, the best INT8 and the smallest variant, once. A device that has
 * slowed down since has not measured itself again.
 */
export function calibrationOf(world: World, device: WorldDevice): ReadonlyMap<string, number> {
  const served = new Set(localNodeOf(world, device).variants);
  const variants = world.variants.filter(({ name }) => served.has(name));
  const best = (precision: string) =>
    variants.filter((variant) => variant.precision === precision).toSorted((a, b) => b.macs - a.macs)[0];
  const timeOf = (variant: Variant) => device.registeredSlowdown * world.work.localMs(device, variant);
  const smallest = variants.toSorted((a, b) => timeOf(a) - timeOf(b))[0];
  const calibrated = [best('fp32'), best('int8'), smallest].filter((variant) => variant !== undefined);
  return new Map(calibrated.map((variant) => [variant.name, timeOf(variant)]));
}
