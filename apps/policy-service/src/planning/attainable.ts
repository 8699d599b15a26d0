import { FailedPrecondition } from '@weir/base';
import { type AccuracyRange, type Cell, tightenObjective } from '@weir/domain';
import { attainableAccuracy, type CellObservation } from '@weir/learning';

/** Slack for sums of accuracies. */
const ROUNDING = 1e-9;

/**
 * Throws FailedPrecondition, naming the best attainable accuracy, when the cell cannot meet its floor. Devices count by
 * their frame rates, as in the plan.
 */
export function checkAttainable(observation: Pick<CellObservation, 'cell' | 'devices'>): void {
  const { accuracyFloor } = observation.cell.objective;
  const most = mostAccuracy(observation);
  if (most !== undefined && accuracyFloor > most + ROUNDING)
    throw new FailedPrecondition(
      `an accuracy floor of ${accuracyFloor} cannot be met: the best attainable average accuracy is ` +
        `${most.toFixed(4)} with the variants and tiers at hand`,
      { reason: 'FLOOR_UNATTAINABLE' },
    );
}

/** The floors that demand something of the cell and that it can meet; undefined when no device counts. */
export function attainableRange(
  observation: Pick<CellObservation, 'cell' | 'devices'>,
): AccuracyRange | undefined {
  const most = mostAccuracy(observation);
  const accuracies = observation.cell.variants.map(({ accuracy }) => accuracy);
  return most === undefined ? undefined : { least: Math.min(most, ...accuracies), most };
}

/** Whether the cell can meet its floor, wherever frames may go at all. */
export const meetsFloor = (observation: Pick<CellObservation, 'cell' | 'devices'>): boolean =>
  observation.cell.objective.accuracyFloor <= (mostAccuracy(observation) ?? 1) + ROUNDING;

/** The best average accuracy of the cell; undefined when no device counts. */
function mostAccuracy({ cell, devices }: Pick<CellObservation, 'cell' | 'devices'>): number | undefined {
  const best = bestAccuracies(cell, () => true);
  return attainableAccuracy({ cell, devices }, (deviceId) => best.get(deviceId));
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
  const best = bestAccuracies(cell, reachable);
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

function bestAccuracies(
  cell: Cell,
  reachable: (deviceId: string, nodeId: string) => boolean,
): Map<string, number> {
  const accuracyOf = new Map(cell.variants.map(({ name, accuracy }) => [name, accuracy]));
  const best = new Map<string, number>();
  for (const { id, local, objective } of cell.devices) {
    const { allowedTiers } = tightenObjective(cell.objective, objective);
    const nodes = [local, ...cell.nodes.filter((node) => reachable(id, node.id))];
    const served = nodes
      .filter(({ tier }) => allowedTiers.includes(tier))
      .flatMap(({ variants }) => variants);
    const accuracies = served.flatMap((variant) => accuracyOf.get(variant) ?? []);
    if (accuracies.length > 0) best.set(id, Math.max(...accuracies));
  }
  return best;
}
