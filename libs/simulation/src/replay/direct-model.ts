import type { Random } from '@weir/base';
import { median } from '@weir/base';
import type { Objective, Placement, Variant } from '@weir/domain';
import type { TimeNoise } from '../arrivals/time-noise.ts';
import type { World, WorldDevice, WorldNode } from '../arrivals/world.ts';
import type { LoggedLook } from './logged-frames.ts';
import type { ReplayCell } from './replay-cell.ts';

/** The direct model of a cell: what its looks took, and the spread about that. */
export interface DirectModel {
  world(objective: Objective): World;
  readonly noise: TimeNoise;
}

/** What is longer than so many medians counts as so long: one stall is no service time. */
const WINSOR = 4;
/** Fewer looks tell no spread. */
const LEAST_RATIOS = 10;

const localKey = (deviceId: string, variant: string) => `${deviceId}\n${variant}`;

/**
 * Service time and energy of every node and variant, network time of every link, each the winsorised mean of its looks; what
 * was never run, from calibrations and benchmarks, or by the MACs from the variants that were.
 */
export function fitDirectModel(looks: readonly LoggedLook[], cell: ReplayCell): DirectModel {
  const services = Map.groupBy(looks, ({ placement: { nodeId, variant } }) => localKey(nodeId, variant));
  const links = Map.groupBy(
    looks.filter(({ placement: { tier } }) => tier !== 'device'),
    ({ deviceId, placement: { nodeId } }) => localKey(deviceId, nodeId),
  );
  const serviceMs = meansOf(services, (look) => look.serviceMs);
  const networkMs = meansOf(links, (look) => look.networkMs);
  const energyJ = meansOf(services, (look) => look.energyJ);
  const ratios = {
    service: ratiosOf(services, serviceMs, (look) => look.serviceMs),
    network: ratiosOf(links, networkMs, (look) => look.networkMs),
  };

  const knownOf = (nodeId: string, own: ReadonlyMap<string, number>): Times =>
    new Map(
      cell.variants.flatMap(({ name }): [string, number][] => {
        const ms = serviceMs.get(localKey(nodeId, name)) ?? own.get(name);
        return ms !== undefined && ms > 0 ? [[name, ms]] : [];
      }),
    );
  const known = new Map([
    ...cell.devices.map(({ local, services }) => [local.id, knownOf(local.id, services)] as const),
    ...cell.nodes.map(({ node, services }) => [node.id, knownOf(node.id, services)] as const),
  ]);
  const devices = cell.devices.map(({ local }) => known.get(local.id)!);
  const times = new Map([...known].map(([id, own]) => [id, completed(cell.variants, own, devices)]));

  return {
    noise: (of, random) => drawn(ratios[of], random),
    world: (objective) => ({
      variants: cell.variants,
      looks: cell.looks,
      objective,
      remoteVariants: [],
      work: {
        localMs: (device: WorldDevice, { name }: Variant) => times.get(device.id)!.get(name)!,
        remoteMs: (node: WorldNode, { name }: Variant) => times.get(node.id)!.get(name)!,
        energyJ: ({ nodeId, variant }: Placement) => energyJ.get(localKey(nodeId, variant)) ?? 0,
      },
      devices: cell.devices.map(({ local, roundTripsMs, objective: own }) => ({
        id: local.id,
        share: 1,
        slowdown: 1,
        registeredSlowdown: 1,
        present: true,
        slots: local.slots,
        variants: local.variants,
        objective: own,
        extraNetworkMs: new Map(
          cell.nodes.map(({ node: { id } }) => [
            id,
            networkMs.get(localKey(local.id, id)) ?? roundTripsMs.get(id) ?? UNKNOWN_MS,
          ]),
        ),
      })),
      nodes: cell.nodes.map(({ node: { id, tier, slots, variants } }) => ({
        id,
        tier: tier as 'edge' | 'cloud',
        slots,
        variants,
        networkMs: 0,
        slowdown: 1,
        down: false,
      })),
    }),
  };
}

/** ms by variant. */
type Times = ReadonlyMap<string, number>;
type Groups = ReadonlyMap<string, readonly LoggedLook[]>;

const meansOf = (groups: Groups, of: (look: LoggedLook) => number): Map<string, number> =>
  new Map([...groups].map(([key, looks]) => [key, winsorisedMean(looks.map(of))]));

function winsorisedMean(values: readonly number[]): number {
  const most = WINSOR * median(values);
  return values.reduce((sum, value) => sum + Math.min(value, most), 0) / values.length;
}

/** Each look over the mean of its group; over all groups their mean is 1. */
function ratiosOf(
  groups: Groups,
  means: ReadonlyMap<string, number>,
  of: (look: LoggedLook) => number,
): readonly number[] {
  const ratios = [...groups].flatMap(([key, looks]) => {
    const mean = means.get(key)!;
    return looks.length < LEAST_RATIOS || mean <= 0
      ? []
      : looks.map((look) => Math.min(of(look) / mean, WINSOR));
  });
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  return ratios.map((ratio) => ratio / mean);
}

const drawn = (ratios: readonly number[], random: Random): number =>
  ratios.length > 0 ? ratios[random.integer(ratios.length)]! : 1;

/**
 * Times of the variants that have none: by what they take on other devices over a variant that is known here, else in
 * proportion to the MACs of the nearest, of the same precision if any. That is too little rather than too much for small
 * variants, and should be: a policy that is lured there is told to be unknown, one that is kept away would look known.
 */
function completed(variants: readonly Variant[], known: Times, devices: readonly Times[]): Times {
  const measured = variants.filter(({ name }) => known.has(name));
  return new Map(
    variants.map((variant) => {
      const ms = known.get(variant.name);
      if (ms !== undefined) return [variant.name, ms];
      const ratios = [...known].flatMap(([other, otherMs]) =>
        devices.flatMap((times) => {
          const [there, here] = [times.get(variant.name), times.get(other)];
          return there !== undefined && here !== undefined ? [(otherMs * there) / here] : [];
        }),
      );
      if (ratios.length > 0) return [variant.name, median(ratios)];
      const alike = measured.filter(({ precision }) => precision === variant.precision);
      const nearest = (alike.length > 0 ? alike : measured).toSorted(
        (a, b) => distance(a, variant) - distance(b, variant),
      )[0];
      return [variant.name, nearest ? (known.get(nearest.name)! * variant.macs) / nearest.macs : UNKNOWN_MS];
    }),
  );
}

const distance = (a: Variant, b: Variant) => Math.abs(Math.log(a.macs / b.macs));

/** Of a node that nobody has ever measured anything on, or that a device cannot reach: no rule goes there. */
const UNKNOWN_MS = 60_000;
