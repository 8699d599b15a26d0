import type { Random } from '@weir/base';
import type { Placement, Variant } from '@weir/domain';
import { type CellObservation, idleFramesPerSecond, type LinkObservation } from '@weir/learning';
import type { AsyncAgent } from './agent.ts';
import type { SlotNode } from './node.ts';
import { localMs } from '../profile.ts';
import { type World, type WorldDevice, cellOf, trueNetworkMs, trueServiceMs } from './world.ts';

/** A link with a round trip beyond this counts as weak, ms: half of what a weak link adds, above the longest regular one. */
const WEAK_ROUND_TRIP_MS = 120;

export interface ObserveOptions {
  readonly world: World;
  readonly agents: readonly AsyncAgent[];
  readonly nodes: readonly SlotNode[];
  readonly now: number;
  /** False: neither devices nor nodes have calibrated their service times. */
  readonly calibrated: boolean;
  readonly noise: number;
  readonly random: Random;
}

/** What monitors report about a cell: pings, loads, calibrations and the agents' states. */
export function observeWorld(options: ObserveOptions): CellObservation {
  const { world, agents, nodes, now, calibrated, noise, random } = options;
  const noisy = (ms: number) => ms * Math.exp(noise * random.normal() - (noise * noise) / 2);
  const cell = cellOf(world);
  return {
    at: now,
    cell,
    devices: agents
      .filter(({ device }) => device.present)
      .map(({ device, dispatcher }) => {
        const status = dispatcher.status(now);
        const measured = (placement: Placement) => noisy(trueServiceMs(world, device, placement));
        return {
          deviceId: device.id,
          links: world.nodes.map((node): LinkObservation => {
            const roundTripMs = noisy(trueNetworkMs(world, device, node.id));
            return {
              nodeId: node.id,
              reachable: !node.down,
              roundTripMs,
              class: roundTripMs > WEAK_ROUND_TRIP_MS ? 'weak' : 'regular',
              services: new Map(
                calibrated
                  ? world.remoteVariants.map((variant) => [
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
function calibrationOf(world: World, device: WorldDevice): ReadonlyMap<string, number> {
  const best = (precision: string) =>
    world.variants
      .filter((variant) => variant.precision === precision)
      .toSorted((a, b) => b.macs - a.macs)[0];
  const timeOf = (variant: Variant) => localMs(world.profile, variant, device.registeredSlowdown);
  const smallest = world.variants.toSorted((a, b) => timeOf(a) - timeOf(b))[0];
  const calibrated = [best('fp32'), best('int8'), smallest].filter((variant) => variant !== undefined);
  return new Map(calibrated.map((variant) => [variant.name, timeOf(variant)]));
}
