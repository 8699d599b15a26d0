import { FailedPrecondition } from '@weir/base';
import { type AccuracyRange, type Cell, tightenObjective, type Variant } from '@weir/domain';
import {
  type AccuracyDevices,
  accuracyShares,
  attainableAccuracy,
  type CellObservation,
} from '@weir/learning';

/** Slack for sums of accuracies. */
const ROUNDING = 1e-9;

/**
 * Throws FailedPrecondition, naming the best attainable accuracy, when the cell cannot meet its floor. Devices count by
 * their frame rates, as in the plan.
 */
export function checkAttainable(devices: AccuracyDevices): void {
  const { accuracyFloor } = devices.cell.objective;
  const most = mostAccuracy(devices)(devices.cell.variants);
  if (most !== undefined && accuracyFloor > most + ROUNDING)
    throw new FailedPrecondition(
      `an accuracy floor of ${accuracyFloor} cannot be met: the best attainable average accuracy is ` +
        `${most.toFixed(4)} with the variants and tiers at hand`,
      { reason: 'FLOOR_UNATTAINABLE' },
    );
}

/** The floors that demand something of the cell and that it can meet; undefined when no device counts. */
export function attainableRange(devices: AccuracyDevices): AccuracyRange | undefined {
  const { variants } = devices.cell;
  const most = mostAccuracy(devices)(variants);
  return most === undefined
    ? undefined
    : { least: Math.min(most, ...variants.map(({ accuracy }) => accuracy)), most };
}

/** Tells whether the cell can meet its floor with variants of those accuracies, wherever frames may go at all. */
export function meetsFloor(devices: AccuracyDevices): (variants: readonly Variant[]) => boolean {
  const most = mostAccuracy(devices);
  return (variants) => devices.cell.objective.accuracyFloor <= (most(variants) ?? 1) + ROUNDING;
}

/** The best average accuracy of the cell with variants of those accuracies; undefined when no device counts. */
function mostAccuracy(devices: AccuracyDevices): (variants: readonly Variant[]) => number | undefined {
  const served = servedAnywhere(devices.cell);
  const shares = new Map<readonly string[], number>();
  for (const [deviceId, share] of accuracyShares(devices, (id) => served.has(id))) {
    const variants = served.get(deviceId)!;
    shares.set(variants, (shares.get(variants) ?? 0) + share);
  }
  return (variants) => {
    const accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    let [weight, sum] = [0, 0];
    for (const [names, share] of shares) {
      weight += share;
      sum += share * Math.max(...names.map((name) => accuracyOf.get(name)!));
    }
    return weight > 0 ? sum / weight : undefined;
  };
}

/**
 * The observation without the devices that have nothing to run, and with floors that can be met: a cell whose edge is
 * cut off still wants the best plan there is. The directives carry the operator's floor all the same.
 */
export function attainableObservation(observation: CellObservation): CellObservation {
  const links = new Set(
    observation.devices.flatMap(({ deviceId, links }) =>
      links.filter((link) => link.reachable).map(({ nodeId }) => JSON.stringify([deviceId, nodeId])),
    ),
  );
  const reachable = (deviceId: string, nodeId: string) => links.has(JSON.stringify([deviceId, nodeId]));
  const { cell } = observation;
  const accuracyOf = new Map(cell.variants.map(({ name, accuracy }) => [name, accuracy]));
  const best = new Map(
    [...servedVariants(cell, reachable)].map(([id, variants]) => [
      id,
      Math.max(...variants.map((name) => accuracyOf.get(name)!)),
    ]),
  );
  const most = attainableAccuracy(observation, (deviceId) => best.get(deviceId)) ?? 1;
  const capped = (floor: number, attainable: number) => Math.max(0, Math.min(floor, attainable - ROUNDING));
  const { objective } = cell;
  return {
    ...observation,
    cell: {
      ...cell,
      objective: { ...objective, accuracyFloor: capped(objective.accuracyFloor, most) },
      devices: cell.devices
        .filter(({ id }) => best.has(id))
        .map(({ objective: own, ...device }) =>
          own
            ? {
                ...device,
                objective: {
                  ...own,
                  ...(own.accuracyFloor !== undefined && {
                    accuracyFloor: capped(own.accuracyFloor, best.get(device.id)!),
                  }),
                },
              }
            : device,
        ),
    },
    devices: observation.devices.filter(({ deviceId }) => best.has(deviceId)),
  };
}

/** Of the lists of devices: of a large cell they are asked for again and again. */
const known = new WeakMap<Cell['devices'], { readonly cell: Cell; readonly served: Served }>();

/** The variants that each device may run somewhere; a device that has none is left out. */
function servedAnywhere(cell: Cell): Served {
  const former = known.get(cell.devices);
  const isSame = (['nodes', 'variants', 'objective'] as const).every(
    (part) => former?.cell[part] === cell[part],
  );
  if (former && isSame) return former.served;
  const served = servedVariants(cell, () => true);
  known.set(cell.devices, { cell, served });
  return served;
}

type Served = ReadonlyMap<string, readonly string[]>;

/** The variants that each device may run where it reaches; a device that has none is left out. */
function servedVariants(cell: Cell, reachable: (deviceId: string, nodeId: string) => boolean): Served {
  const isVariant = new Set(cell.variants.map(({ name }) => name));
  // Of a large cell, most devices may run the same.
  const alike = new Map<string, readonly string[]>();
  const served = new Map<string, readonly string[]>();
  for (const { id, local, objective } of cell.devices) {
    const { allowedTiers } = tightenObjective(cell.objective, objective);
    const reached = cell.nodes.filter((node) => reachable(id, node.id));
    const key = [...allowedTiers, '', ...reached.map((node) => node.id), '', ...local.variants].join('\n');
    let variants = alike.get(key);
    if (!variants) {
      const allowed = [local, ...reached].filter(({ tier }) => allowedTiers.includes(tier));
      variants = [...new Set(allowed.flatMap((node) => node.variants))].filter((name) => isVariant.has(name));
      alike.set(key, variants);
    }
    if (variants.length > 0) served.set(id, variants);
  }
  return served;
}
